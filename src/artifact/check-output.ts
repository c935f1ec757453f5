import { accessSync, constants, existsSync, rmdirSync } from 'node:fs';
import { KbuildError } from '../errors/kbuild-error.js';
import { ensureDirectory } from '../storage/ensure-directory.js';

/**
 * Finds out that an output directory cannot be written before anything is built for it. One that
 * does not exist yet is not left behind.
 * @throws KbuildError STORAGE_FAILED
 */
export function checkOutput(output: string): void {
  try {
    const existed = existsSync(output);
    ensureDirectory(output);
    accessSync(output, constants.W_OK);
    if (!existed) rmdirSync(output);
  } catch (error) {
    throw outputFailed(output, error);
  }
}

/** An output directory that could not be written. */
export function outputFailed(output: string, cause: unknown): KbuildError {
  return new KbuildError(
    'STORAGE_FAILED',
    `the output directory ${output} cannot be written: ${(cause as Error).message}`,
    'Free some disk, mend its permissions, or name another one with --out.',
    { cause },
  );
}
