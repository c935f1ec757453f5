import { closeSync, openSync, writeSync } from 'node:fs';

/** Bytes. The whole of a verbose allmodconfig has some 30 MB. */
const longest = 64 * 2 ** 20;

const leftOut = Buffer.from('(what follows is left out)\n');

/** The log of a build. What it prints is not trusted to end, nor the disk to take it. */
export class BuildLog {
  readonly #file: number;
  #size = 0;
  #full = false;
  #failure: unknown;

  /** @param limit bytes, beyond which lines are left out */
  constructor(
    path: string,
    readonly limit = longest,
  ) {
    this.#file = openSync(path, 'w');
  }

  /** Called from a stream, which nothing may be thrown into; `check` tells of what went wrong. */
  readonly add = (line: string): void => {
    if (this.#full || this.#failure !== undefined) return;
    const text = Buffer.from(`${line}\n`);
    this.#full = this.#size + text.length > this.limit;
    const written = this.#full ? leftOut : text;
    try {
      // At once: lines that wait for a slow disk would pile up in memory.
      this.#size += writeSync(this.#file, written);
    } catch (error) {
      this.#failure = error;
    }
  };

  /** @throws what writing it gave, for example ENOSPC */
  check(): void {
    if (this.#failure !== undefined) throw this.#failure as Error;
  }

  close(): void {
    closeSync(this.#file);
  }
}
