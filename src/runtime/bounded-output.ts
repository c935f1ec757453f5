/** Gathers a stream's bytes up to a limit: a build must not fill our memory. */
export class BoundedOutput {
  readonly #chunks: Buffer[] = [];
  #size = 0;

  /** @param onExceeded called once, when more has come than fits */
  constructor(
    readonly limit: number,
    readonly onExceeded: () => void,
  ) {}

  write(chunk: Buffer): void {
    const fitted = this.#size <= this.limit;
    this.#size += chunk.length;
    if (this.#size <= this.limit) this.#chunks.push(chunk);
    else if (fitted) this.onExceeded();
  }

  get exceeded(): boolean {
    return this.#size > this.limit;
  }

  toBuffer(): Buffer {
    return Buffer.concat(this.#chunks);
  }
}
