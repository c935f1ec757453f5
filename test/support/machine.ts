import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { cacheDirectory } from '../../src/storage/directories.js';
import { temporaryDirectory } from './temporary-directory.js';

/**
 * A cache directory of its own, with the kernels of this machine: all that a machine is to kbuild-ts.
 * @param cache an empty directory
 */
export function machine(cache = temporaryDirectory()): string {
  for (const name of ['kernels', 'packages', 'repositories']) {
    symlinkSync(join(cacheDirectory(), name), join(cache, name));
  }
  return cache;
}
