import { unlink } from 'node:fs/promises';
import { join } from 'node:path';
import {
  isBeingPut,
  listBlobs,
  readUnnoted,
  reapBlobs,
  type BlobFile,
} from '../storage/blobs/blob-directory.js';
import { listEntries, reapEntries, removeUnused } from '../storage/entries.js';
import { leastUsedFirst, totalSize, type Removable } from '../storage/least-used.js';
import { longestRecord, packNamedBy } from '../engine/shared-cache/entry.js';
import { cacheAreas } from './cache-areas.js';

/** An entry that goes, or would. */
export interface PrunedEntry {
  /** `jobs` or `objects`; of a shared directory `ac`, `cas`. */
  area: string;
  key: string;
  /** Bytes on disk. */
  size: number;
  /** ISO 8601; absent where nothing can be told. */
  lastUsed?: string;
}

export interface PruneCacheReport {
  /** What went, or would, in this order. */
  removed: PrunedEntry[];
  /** Entries that would have gone, but for a run that may have them in hands. */
  inUse: number;
  /** On disk, before and after. */
  bytesBefore: number;
  bytesAfter: number;
}

interface Candidate extends Removable {
  area: string;
  key: string;
  remove: () => Promise<'removed' | 'in use' | 'gone'>;
}

/**
 * Removes entries of the job cache and kept objects, those first that were used the longest ago, until
 * the rest fits. Kernels and all else stay. What a run that goes on has used stays too.
 * @param maxSize bytes on disk
 */
export async function pruneLocal(
  cache: string,
  maxSize: number,
  dryRun: boolean,
): Promise<PruneCacheReport> {
  const candidates: Candidate[] = [];
  for (const { name, root } of cacheAreas(cache)) {
    if (!dryRun) await reapEntries(root);
    for (const entry of await listEntries(root)) {
      candidates.push({ area: name, ...entry, remove: () => removeUnused(entry, cache) });
    }
  }
  return pruneTo(maxSize, candidates, dryRun);
}

/** The same in a directory that machines share. Nobody has its files in hands for longer than a read. */
export async function pruneShared(
  directory: string,
  maxSize: number,
  dryRun: boolean,
): Promise<PruneCacheReport> {
  if (!dryRun) await reapBlobs(directory);
  const packs = new Map((await listBlobs(directory, 'cas')).map((file) => [file.name, file]));
  const entries: Candidate[] = [];
  /** How many records name a pack: several machines may have built the same. */
  const named = new Map<string, number>();
  for (const record of await listBlobs(directory, 'ac')) {
    const pack = packs.get(`cas/${await packOf(record)}`);
    if (pack !== undefined) named.set(pack.name, (named.get(pack.name) ?? 0) + 1);
    const used = pack === undefined ? 0 : Math.max(record.used, pack.used);
    const remove = async () => {
      await removeFile(record); // first: who finds it finds the pack
      const others = (named.get(pack?.name ?? '') ?? 0) - 1;
      if (pack === undefined) return 'removed' as const;
      named.set(pack.name, others);
      if (others === 0) await removeFile(pack);
      return 'removed' as const;
    };
    const size = record.size + (pack?.size ?? 0);
    entries.push({ area: 'ac', key: record.name.slice('ac/'.length), size, used, remove });
  }
  for (const pack of packs.values()) {
    if (named.has(pack.name) || (await isBeingPut(pack.path))) continue;
    const remove = async () => removeFile(pack);
    const key = pack.name.slice('cas/'.length);
    entries.push({ area: 'cas', key, size: pack.size, used: 0, remove });
  }
  return pruneTo(maxSize, entries, dryRun);

  async function packOf({ name }: BlobFile): Promise<string> {
    const read = readUnnoted(join(directory, name), longestRecord);
    return packNamedBy((await read.catch(() => Buffer.alloc(0))).toString('utf8')) ?? '';
  }
}

async function pruneTo(
  maxSize: number,
  candidates: readonly Candidate[],
  dryRun: boolean,
): Promise<PruneCacheReport> {
  const bytesBefore = totalSize(candidates);
  const report: PruneCacheReport = { removed: [], inUse: 0, bytesBefore, bytesAfter: bytesBefore };
  for (const { area, key, size, used, remove } of leastUsedFirst(candidates)) {
    if (report.bytesAfter <= maxSize) break;
    const outcome = dryRun ? 'removed' : await remove();
    if (outcome === 'in use') report.inUse++;
    else report.bytesAfter -= size;
    if (outcome !== 'removed') continue;
    const lastUsed = used > 0 ? { lastUsed: new Date(used).toISOString() } : {};
    report.removed.push({ area, key, size, ...lastUsed });
  }
  return report;
}

async function removeFile({ path }: BlobFile): Promise<'removed' | 'gone'> {
  try {
    await unlink(path);
    return 'removed';
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 'gone';
    throw error;
  }
}
