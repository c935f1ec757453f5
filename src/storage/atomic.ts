import { randomBytes } from 'node:crypto';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, basename, join } from 'node:path';

/** A name beside `path`, in the same file system, that no other process uses. */
export function temporaryName(path: string): string {
  return join(dirname(path), `.${basename(path)}.${process.pid}-${randomBytes(4).toString('hex')}`);
}

/** Writes a file so that a reader sees the old content or the new one, never a part. */
export async function writeFileAtomic(path: string, data: string | Uint8Array): Promise<void> {
  const temporary = temporaryName(path);
  await mkdir(dirname(path), { recursive: true });
  try {
    await writeFile(temporary, data);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/**
 * Fills a new directory and renames it into place. If another process was first, its
 * directory stays and ours is dropped: both hold the same, since the path names the content.
 */
export async function makeDirectoryAtomic(
  path: string,
  fill: (temporary: string) => Promise<void>,
): Promise<void> {
  const temporary = temporaryName(path);
  await mkdir(temporary, { recursive: true });
  try {
    await fill(temporary);
    await rename(temporary, path).catch((error: unknown) => {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'ENOTEMPTY' && code !== 'EEXIST') throw error;
    });
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

/**
 * Fills a new directory and puts it in the place of another, which goes when the new one stands. A
 * reader misses it for as long as two renames take; what fails leaves the old one where it was.
 */
export async function replaceDirectory(
  path: string,
  fill: (temporary: string) => Promise<void>,
): Promise<void> {
  const temporary = temporaryName(path);
  const old = temporaryName(path);
  await mkdir(temporary, { recursive: true });
  try {
    await fill(temporary);
    const replaced = await rename(path, old).then(
      () => true,
      (error: unknown) => {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
        throw error;
      },
    );
    await rename(temporary, path).catch(async (error: unknown) => {
      if (replaced) await rename(old, path);
      throw error;
    });
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
  await rm(old, { recursive: true, force: true });
}

/** Removes a file or a directory so that a reader sees all of it or nothing, whenever we are killed. */
export async function removeWhole(path: string): Promise<void> {
  const temporary = temporaryName(path);
  await rename(path, temporary);
  await rm(temporary, { recursive: true, force: true });
}
