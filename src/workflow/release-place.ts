import { createHash } from 'node:crypto';
import { dirname, join, sep } from 'node:path';
import { checkOutput, outputFailed } from '../artifact/check-output.js';
import { KbuildError } from '../errors/kbuild-error.js';
import type { ReleaseFile } from '../release/pack/format.js';
import {
  linkedDirectoryLock,
  replaceLinkedDirectory,
  standingAt,
} from '../storage/linked-directory.js';
import { withLock } from '../storage/lock.js';

/**
 * That a release may go there.
 * @param outputs directories that builds write to
 * @throws KbuildError RELEASE_OUTPUT, STORAGE_FAILED
 */
export async function checkReleasePlace(
  path: string,
  outputs: readonly string[] = [],
): Promise<void> {
  checkOutput(dirname(path));
  const held = outputs.find((output) => output === path || output.startsWith(path + sep));
  if (held !== undefined) {
    throw new KbuildError(
      'RELEASE_OUTPUT',
      `${held}, where builds write to, is or lies in ${path}: a release replaces its directory whole`,
      `Name another place with --out, such as ${join(held, 'release')}.`,
    );
  }
  if ((await standingAt(path)) !== 'foreign') return;
  throw new KbuildError(
    'RELEASE_OUTPUT',
    `${path} is there already, and was not made by kbuild-ts: a release would replace it whole`,
    'Name another place with --out, or move it away.',
  );
}

/**
 * Puts a release in the place of the one before it, in one step. One run at a time does so.
 * @throws KbuildError STORAGE_FAILED, INTERRUPTED
 */
export async function publishRelease(
  path: string,
  files: readonly ReleaseFile[],
  signal: AbortSignal,
): Promise<void> {
  const id = createHash('sha256');
  for (const file of files) id.update(file.path).update('\0').update(file.bytes);
  await withLock(linkedDirectoryLock(path), signal, async () => {
    // Somebody may have put something there meanwhile.
    await checkReleasePlace(path);
    await replaceLinkedDirectory(path, id.digest('hex').slice(0, 12), files);
  }).catch((error: unknown) => {
    throw error instanceof KbuildError ? error : outputFailed(path, error);
  });
}
