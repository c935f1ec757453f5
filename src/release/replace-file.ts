import { open, realpath, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { KbuildError } from '../errors/kbuild-error.js';
import { temporaryName } from '../storage/atomic.js';
import { ensureDirectory } from '../storage/ensure-directory.js';

/**
 * Writes a file so that a reader, or a machine that loses power, sees the old content or the new
 * one, never a part. A symbolic link stays one: the file that it points to is replaced.
 * @param like the file whose mode and owner the new one gets; it may be the same
 * @throws KbuildError STORAGE_FAILED; the file is then as it was
 */
export async function replaceFile(path: string, data: Uint8Array, like: string): Promise<void> {
  try {
    const target = await realpath(path).catch(() => path);
    ensureDirectory(dirname(target));
    await replace(target, data, like);
  } catch (cause) {
    throw new KbuildError(
      'STORAGE_FAILED',
      `cannot write ${path}: ${(cause as Error).message}`,
      'Free some disk, mend the permissions of the directory, or name another with --out.',
      { cause },
    );
  }
}

async function replace(target: string, data: Uint8Array, like: string): Promise<void> {
  const { mode, uid, gid } = await stat(like);
  const temporary = temporaryName(target);
  try {
    const file = await open(temporary, 'wx', 0o600);
    try {
      await file.writeFile(data);
      // Only root may give a file away; anyone else's file is then his own.
      if (process.getuid?.() === 0) await file.chown(uid, gid);
      await file.chmod(mode & 0o7777);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
