import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/** Files up to this size are read at once: one call costs more than the bytes. */
const smallFile = 64 * 1024;
/** What is read around a place of a larger file: what lies near it is wanted next. */
const windowSize = 32 * 1024;

/**
 * The bytes of a file, read in pieces as they are asked for; the pieces stay valid until `close`.
 * One object serves many files, one after the other, so that its memory is used again.
 */
export class FileBytes {
  #descriptor = -1;
  #size = 0;
  #arena = Buffer.allocUnsafeSlow(1024 * 1024);
  #used = 0;
  #windows: { start: number; bytes: Buffer }[] = [];

  /** Bytes. */
  get size(): number {
    return this.#size;
  }

  /** Opens a file in place of the one before. Throws as `openSync` does. */
  open(path: string): void {
    this.close();
    this.#descriptor = openSync(path, 'r');
    const status = fstatSync(this.#descriptor);
    if (status.isDirectory()) {
      this.close();
      throw Object.assign(new Error('is a directory'), { code: 'EISDIR' });
    }
    this.#size = status.size;
    if (this.#size <= smallFile) this.#readWindow(0, this.#size);
  }

  close(): void {
    if (this.#descriptor !== -1) closeSync(this.#descriptor);
    this.#descriptor = -1;
    this.#size = 0;
    this.#used = 0;
    this.#windows = [];
  }

  /** The bytes of a range within the file. Throws as `readSync` does. */
  read(offset: number, length: number): Uint8Array {
    const end = offset + length;
    const known = this.#windows.find(
      ({ start, bytes }) => offset >= start && end <= start + bytes.length,
    );
    // Windows begin at multiples of their size: reads all over a file do not read it many times.
    const start = offset - (offset % windowSize);
    const stop = Math.min(Math.ceil(end / windowSize) * windowSize, this.#size);
    const window = known ?? this.#readWindow(start, stop - start);
    return window.bytes.subarray(offset - window.start, end - window.start);
  }

  #readWindow(start: number, length: number): { start: number; bytes: Buffer } {
    const bytes = this.#allocate(length);
    let filled = 0;
    while (filled < length) {
      const count = readSync(this.#descriptor, bytes, filled, length - filled, start + filled);
      if (count === 0) throw new Error(`the file became shorter while it was read`);
      filled += count;
    }
    const window = { start, bytes };
    this.#windows.push(window);
    return window;
  }

  #allocate(length: number): Buffer {
    if (this.#used + length > this.#arena.length) return Buffer.allocUnsafeSlow(length);
    const bytes = this.#arena.subarray(this.#used, this.#used + length);
    this.#used += length;
    return bytes;
  }
}
