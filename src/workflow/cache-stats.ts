import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { listBlobs } from '../storage/blobs/blob-directory.js';
import { diskUsage } from '../storage/disk-usage.js';
import { listEntries } from '../storage/entries.js';
import { totalSize, type Removable } from '../storage/least-used.js';
import { cacheAreas } from './cache-areas.js';
import { cacheNames } from './clean.js';

/** What lies in a part of a cache. */
export interface AreaStats {
  /** Its name in the cache directory. */
  name: string;
  /** On disk. */
  bytes: number;
  /** How many; absent where no entries are kept by their keys. */
  entries?: number;
  /** When the entry was used whose last use is the longest ago, and the one used last. ISO 8601. */
  oldest?: string;
  newest?: string;
}

export interface CacheStats {
  directory: string;
  areas: AreaStats[];
  bytes: number;
}

/** What lies in the cache of this machine. */
export async function localStats(cache: string): Promise<CacheStats> {
  const keyed = new Map(cacheAreas(cache).map(({ name, root }) => [name, root]));
  const areas: AreaStats[] = [];
  for (const name of cacheNames) {
    const path = join(cache, name);
    if (!existsSync(path)) continue;
    const root = keyed.get(name);
    const entries = root === undefined ? undefined : await listEntries(root);
    areas.push({
      name,
      bytes: await diskUsage(path),
      ...(entries !== undefined && usesOf(entries)),
    });
  }
  return withTotal(cache, areas);
}

/** What lies in a directory that machines share. */
export async function sharedStats(directory: string): Promise<CacheStats> {
  const areas: AreaStats[] = [];
  for (const kind of ['ac', 'cas'] as const) {
    const files = await listBlobs(directory, kind);
    areas.push({ name: kind, bytes: totalSize(files), ...usesOf(files) });
  }
  return withTotal(directory, areas);
}

function usesOf(things: readonly Removable[]): Omit<AreaStats, 'name' | 'bytes'> {
  const known = things.flatMap(({ used }) => (used > 0 ? [used] : []));
  const entries = things.length;
  if (known.length === 0) return { entries };
  // Not Math.min(...known): of 100,000 arguments there may be too many.
  const [oldest, newest] = known.reduce<readonly [number, number]>(
    ([low, high], used) => [Math.min(low, used), Math.max(high, used)] as const,
    [Infinity, 0],
  );
  const text = (time: number) => new Date(time).toISOString();
  return { entries, oldest: text(oldest), newest: text(newest) };
}

const withTotal = (directory: string, areas: AreaStats[]): CacheStats => ({
  directory,
  areas,
  bytes: areas.reduce((sum, { bytes }) => sum + bytes, 0),
});
