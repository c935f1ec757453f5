import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { KbuildError } from '../errors/kbuild-error.js';
import { isLinkedDirectory } from '../storage/linked-directory.js';

/**
 * Finds out that an output directory cannot be written before anything is built for it, and makes
 * nothing: where it does not exist yet, the nearest one above it counts.
 * @throws KbuildError STORAGE_FAILED, RELEASE_OUTPUT
 */
export function checkOutput(output: string): void {
  if (isLinkedDirectory(output)) {
    throw new KbuildError(
      'RELEASE_OUTPUT',
      `${output} is a release: a build would write between its files`,
      'Name another output directory with --out.',
    );
  }
  try {
    let place = output;
    while (!existsSync(place)) place = dirname(place);
    accessSync(place, constants.W_OK);
    if (!statSync(place).isDirectory()) throw new Error(`${place} is no directory`);
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
