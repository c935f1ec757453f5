import { statSync } from 'node:fs';
import { readBounded } from '../storage/read-bounded.js';

/** Far more than any .config or Module.symvers. Bytes. */
export const longestText = 64 * 2 ** 20;

/** A path if a regular file stands there: to read a pipe or a device may never end. */
export function regularFile(path: string | undefined): string | undefined {
  if (path === undefined) return undefined;
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true ? path : undefined;
}

/**
 * The text of a file of a KDIR; empty for what is no regular file.
 * @throws NodeJS.ErrnoException EFBIG for one that is far too long, and what else open(2) and read(2) say
 */
export function readText(path: string | undefined): string {
  const file = regularFile(path);
  if (file === undefined) return '';
  if (statSync(file).size > longestText) {
    const message = `EFBIG: ${file} is longer than ${longestText / 2 ** 20} MiB`;
    throw Object.assign(new Error(message), { code: 'EFBIG', syscall: 'read', path: file });
  }
  return readBounded(file, longestText).toString();
}
