import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';

/** What is read around a place of a file, in bytes: what lies near it is wanted next. */
const windowSize = 16 * 1024;

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

  /** Opens a file in place of the one before. Throws as `openSync` and `readSync` do. */
  open(path: string): void {
    this.close();
    // Else the opening of a pipe waits for somebody to write into it, for ever.
    this.#descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const start = this.#allocate(windowSize);
      // What is not full is all: most modules are read by this one call.
      const count = readSync(this.#descriptor, start, 0, windowSize, 0);
      this.#size = count < windowSize ? count : fstatSync(this.#descriptor).size;
      this.#windows.push({ start: 0, bytes: start.subarray(0, count) });
    } catch (error) {
      this.close();
      throw error;
    }
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
    for (const { start, bytes } of this.#windows) {
      if (offset >= start && end <= start + bytes.length) {
        return bytes.subarray(offset - start, end - start);
      }
    }
    // Windows begin at multiples of their size: reads all over a file do not read it many times.
    const start = offset - (offset % windowSize);
    const stop = Math.min(Math.ceil(end / windowSize) * windowSize, this.#size);
    const bytes = this.#allocate(stop - start);
    if (this.#fill(bytes, start) < bytes.length) {
      throw new Error('the file became shorter while it was read');
    }
    this.#windows.push({ start, bytes });
    return bytes.subarray(offset - start, end - start);
  }

  /** Reads into a buffer from a place on; gives how much there was. */
  #fill(bytes: Buffer, start: number): number {
    let filled = 0;
    while (filled < bytes.length) {
      const count = readSync(
        this.#descriptor,
        bytes,
        filled,
        bytes.length - filled,
        start + filled,
      );
      if (count === 0) break;
      filled += count;
    }
    return filled;
  }

  #allocate(length: number): Buffer {
    if (this.#used + length > this.#arena.length) return Buffer.allocUnsafeSlow(length);
    const bytes = this.#arena.subarray(this.#used, this.#used + length);
    this.#used += length;
    return bytes;
  }
}
