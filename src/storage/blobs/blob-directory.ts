import { constants } from 'node:fs';
import { lstat, open, readdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { plausibleUse } from '../mark-used.js';
import type { BlobName } from './blob-store.js';

/** A file of a directory of blobs. */
export interface BlobFile {
  name: BlobName;
  path: string;
  /** Bytes on disk. */
  size: number;
  /** When it was last used; 0 where nothing can be told. Milliseconds. */
  used: number;
}

/** Longer than any writer takes. Milliseconds. */
const unfinished = 3_600_000;

/**
 * All blobs of a directory. The time of the last use is that of the last reading too, where the file
 * system notes it: a web server, or a user who may only read, leaves no other mark.
 * @param kind `ac`: records; `cas`: packs
 */
export async function listBlobs(root: string, kind: 'ac' | 'cas'): Promise<BlobFile[]> {
  const files: BlobFile[] = [];
  for (const name of await namesIn(join(root, kind))) {
    if (!/^[0-9a-f]{64}$/.test(name)) continue;
    const path = join(root, kind, name);
    const found = await lstat(path).catch(() => undefined); // it may just have gone
    if (found === undefined || !found.isFile()) continue;
    const used = Math.max(plausibleUse(found.mtimeMs), plausibleUse(found.atimeMs));
    files.push({ name: `${kind}/${name}`, path, size: found.blocks * 512, used });
  }
  return files;
}

/** Removes what writers left that did not come to their end. */
export async function reapBlobs(root: string): Promise<void> {
  for (const kind of ['ac', 'cas']) {
    for (const name of await namesIn(join(root, kind))) {
      if (!name.startsWith('.')) continue;
      const path = join(root, kind, name);
      const found = await lstat(path).catch(() => undefined);
      if (found === undefined || Math.abs(Date.now() - found.mtimeMs) < unfinished) continue;
      await unlink(path).catch(() => undefined);
    }
  }
}

/** Whether a file is so new that its writer may not be done with what belongs to it. */
export async function isBeingPut(path: string): Promise<boolean> {
  const found = await lstat(path).catch(() => undefined);
  return found !== undefined && Math.abs(Date.now() - found.mtimeMs) < unfinished;
}

/**
 * Reads a blob so that it does not count as a use, where the system lets us.
 * @param limit bytes
 * @throws Error for what is no file, or longer
 */
export async function readUnnoted(path: string, limit: number): Promise<Buffer> {
  const flags = constants.O_RDONLY | constants.O_NONBLOCK;
  const file = await open(path, flags | constants.O_NOATIME).catch(() => open(path, flags));
  try {
    const found = await file.stat();
    if (!found.isFile() || found.size > limit) throw new Error('it is longer than any may be');
    return await file.readFile();
  } finally {
    await file.close();
  }
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return (await readdir(directory)).sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
