import { resolve } from 'node:path';
import { KbuildError } from '../errors/kbuild-error.js';
import { readBounded } from './read-bounded.js';

/**
 * The content of a file that a user has named.
 * @param limit the most bytes that it may have
 * @throws KbuildError FILE_UNREADABLE
 */
export function readInput(path: string, limit?: number): Buffer {
  try {
    return readBounded(resolve(path), limit);
  } catch (cause) {
    throw new KbuildError(
      'FILE_UNREADABLE',
      `cannot read ${path}: ${(cause as Error).message}`,
      'Check the path and its permissions.',
      { cause },
    );
  }
}
