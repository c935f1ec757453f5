import { closeSync, openSync, readSync } from 'node:fs';

/** Far more than any key, any bundle of certificates, any list. Bytes. */
const smallFile = 16 * 2 ** 20;

const chunk = Buffer.alloc(64 * 1024);

/**
 * Reads a file whole. It may be a pipe, as a shell's `<(…)` is, so its size says nothing; what does
 * not end, as a device, is an error and not a full memory.
 * @param limit bytes
 */
export function readBounded(path: string, limit = smallFile): Buffer {
  const file = openSync(path, 'r');
  try {
    const chunks: Buffer[] = [];
    for (let size = 0; size <= limit;) {
      const length = readSync(file, chunk);
      if (length === 0) return Buffer.concat(chunks);
      chunks.push(Buffer.from(chunk.subarray(0, length)));
      size += length;
    }
  } finally {
    closeSync(file);
  }
  throw new Error(`it is longer than ${limit} bytes`);
}
