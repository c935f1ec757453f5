import { readdir, rename, rm, rmdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { temporaryName } from './atomic.js';
import { diskUsage } from './disk-usage.js';
import { reapLeftovers } from './leftovers.js';
import { clockSlack, entryGrain, plausibleUse } from './mark-used.js';
import { runStarts } from './run-directory.js';

/** Something that is kept under a key, and that can be made again. */
export interface Entry {
  key: string;
  path: string;
  /** Bytes on disk. */
  size: number;
  /** When it was last used, to the hour; 0 where nothing can be told. Milliseconds. */
  used: number;
}

/** The paths of the entries `<first two of the key>/<key>` below a directory, by their keys. */
export async function* entryPaths(root: string): AsyncGenerator<{ key: string; path: string }> {
  for (const prefix of await namesIn(root)) {
    for (const key of await namesIn(join(root, prefix))) {
      const path = join(root, prefix, key);
      if (/^[0-9a-f]{64}$/.test(key) && key.startsWith(prefix)) yield { key, path };
    }
  }
}

export async function listEntries(root: string): Promise<Entry[]> {
  const entries: Entry[] = [];
  for await (const { key, path } of entryPaths(root)) {
    const found = await stat(path).catch(() => undefined); // it may just have gone
    if (found === undefined) continue;
    const used = plausibleUse(found.mtimeMs);
    entries.push({ key, path, size: await diskUsage(path), used });
  }
  return entries;
}

/** Removes what killed runs left half done. */
export async function reapEntries(root: string): Promise<void> {
  for (const prefix of await namesIn(root)) await reapLeftovers(join(root, prefix));
}

/**
 * Removes an entry, unless a run has it in hands. A run marks an entry before it reads it, and says
 * before that it is there: one that begins while the entry is being removed either finds nothing, or
 * is seen here and has it put back.
 * @param cache the directory in which the runs of its users are noted
 */
export async function removeUnused(
  { path }: Pick<Entry, 'path'>,
  cache: string,
): Promise<'removed' | 'in use' | 'gone'> {
  if (await isInUse(path, cache)) return 'in use';
  const hidden = temporaryName(path);
  try {
    await rename(path, hidden);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 'gone';
    throw error;
  }
  if (await isInUse(hidden, cache)) {
    // Where another has been made meanwhile, that one stays.
    await rename(hidden, path).catch(() => undefined);
    await rm(hidden, { recursive: true, force: true });
    return 'in use';
  }
  await rm(hidden, { recursive: true, force: true });
  await rmdir(dirname(path)).catch(() => undefined); // not the last one there
  return 'removed';
}

/** Whether a run that goes on may have used it since it began. */
async function isInUse(path: string, cache: string): Promise<boolean> {
  const starts = await runStarts(cache);
  if (starts.length === 0) return false;
  const now = Date.now() + clockSlack;
  // The clock was set back: nothing can be told by it.
  if (starts.some((start) => start > now)) return true;
  const used = (await stat(path).catch(() => undefined))?.mtimeMs ?? 0;
  return used > Math.min(...starts) - entryGrain - clockSlack;
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return (await readdir(directory)).sort();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return [];
    throw error;
  }
}
