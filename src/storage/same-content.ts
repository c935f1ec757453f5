import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';

const [left, right] = [Buffer.alloc(2 ** 16), Buffer.alloc(2 ** 16)] as const;

/**
 * Whether a regular file stands at `path`, no link, with the content and the permissions of another.
 * False too where it cannot be read.
 * @throws errors of the file system for the other file
 */
export function isCopyOf(path: string, original: string): boolean {
  const copy = openedFile(path);
  if (copy === undefined) return false;
  try {
    const file = openSync(original, 'r');
    try {
      return haveSame(copy, file);
    } finally {
      closeSync(file);
    }
  } finally {
    closeSync(copy);
  }
}

/** A descriptor; undefined for what cannot be opened. To open a pipe must not wait for its other end. */
function openedFile(path: string): number | undefined {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch {
    return undefined;
  }
}

function haveSame(copy: number, original: number): boolean {
  const [a, b] = [fstatSync(copy), fstatSync(original)];
  if (!a.isFile() || a.size !== b.size || a.mode !== b.mode) return false;
  for (let at = 0; at < a.size; at += left.length) {
    const length = Math.min(left.length, a.size - at);
    if (!fill(copy, left, length, at) || !fill(original, right, length, at)) return false;
    if (left.compare(right, 0, length, 0, length) !== 0) return false;
  }
  return true;
}

/** Reads so many bytes; false if the file has become shorter meanwhile. */
function fill(file: number, buffer: Buffer, length: number, at: number): boolean {
  for (let done = 0; done < length;) {
    const read = readSync(file, buffer, done, length - done, at + done);
    if (read === 0) return false;
    done += read;
  }
  return true;
}
