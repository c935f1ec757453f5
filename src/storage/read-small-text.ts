import { statSync } from 'node:fs';
import { KbuildError } from '../errors/kbuild-error.js';
import { readBounded } from './read-bounded.js';

/** Far more than any Makefile or dkms.conf. Bytes. */
const longest = 2 ** 20;

/**
 * The text of a file of a source tree that others made. To read a pipe or a device may never end.
 * @param file absolute; links are followed
 * @param code for what is no regular file, or longer than 1 MiB
 * @throws KbuildError with that code, FILE_UNREADABLE
 */
export function readSmallText(file: string, code: 'CONFIG_INVALID' | 'DKMS_CONF_INVALID'): string {
  try {
    const stat = statSync(file);
    const wrong = !stat.isFile()
      ? 'is no regular file'
      : stat.size > longest
        ? `has ${stat.size} bytes, more than ${longest}`
        : undefined;
    if (wrong !== undefined) {
      throw new KbuildError(code, `${file} ${wrong}`, 'Put a text file in its place.');
    }
    return readBounded(file, longest).toString();
  } catch (cause) {
    if (cause instanceof KbuildError) throw cause;
    throw new KbuildError(
      'FILE_UNREADABLE',
      `${file} cannot be read: ${(cause as Error).message}`,
      'Mend its permissions.',
      { cause },
    );
  }
}
