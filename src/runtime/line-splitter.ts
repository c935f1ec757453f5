import { StringDecoder } from 'node:string_decoder';

/** No line of a log grows without bound, whatever a build prints. Characters. */
const longestLine = 64 * 1024;

/** Cuts a byte stream into lines: `write` as bytes come, `end` for the last, unended line. */
export class LineSplitter {
  readonly #decoder = new StringDecoder('utf8');
  #rest = '';

  /** @param limit characters of an unended line beyond which what has come of it is given */
  constructor(
    readonly onLine: (line: string) => void,
    readonly limit = longestLine,
  ) {}

  write(chunk: Buffer): void {
    this.#rest += this.#decoder.write(chunk);
    const lines = this.#rest.split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#emit(line);
    if (this.#rest.length > this.limit) {
      this.#emit(this.#rest);
      this.#rest = '';
    }
  }

  end(): void {
    if (this.#rest !== '') this.#emit(this.#rest);
    this.#rest = '';
  }

  #emit(line: string): void {
    this.onLine(line.endsWith('\r') ? line.slice(0, -1) : line);
  }
}
