import { unlink } from 'node:fs/promises';
import { join } from 'node:path';
import {
  parseEntry,
  OtherFormat,
  longestPack,
  longestRecord,
} from '../engine/shared-cache/entry.js';
import { checkPack, readPack, sha256 } from '../engine/shared-cache/pack.js';
import { listBlobs, readUnnoted, type BlobFile } from '../storage/blobs/blob-directory.js';
import { removeWhole } from '../storage/atomic.js';
import { entryPaths } from '../storage/entries.js';
import { throwIfUnreadable } from '../storage/throw-if-unreadable.js';
import { cacheAreas } from './cache-areas.js';

/** An entry that was not what it should be; it is removed. */
export interface DamagedEntry {
  area: string;
  key: string;
  reason: string;
}

export interface VerifyCacheReport {
  areas: {
    name: string;
    entries: number;
    /** Entries whose files could be held against hashes. */
    checked: number;
  }[];
  damaged: DamagedEntry[];
  /** Entries of other versions of kbuild-ts: no use to this one, and let be. */
  outdated: number;
}

/** Reads every entry of the cache of this machine, and removes what is damaged. */
export async function verifyLocal(cache: string): Promise<VerifyCacheReport> {
  const report: VerifyCacheReport = { areas: [], damaged: [], outdated: 0 };
  for (const { name, root, check } of cacheAreas(cache)) {
    const area = { name, entries: 0, checked: 0 };
    for await (const { key, path } of entryPaths(root)) {
      const condition = await check?.(path);
      if (condition?.state === 'gone') continue;
      area.entries++;
      if (condition === undefined) continue;
      area.checked++;
      if (condition.state === 'outdated') report.outdated++;
      if (condition.state !== 'damaged') continue;
      report.damaged.push({ area: name, key, reason: condition.reason });
      await removeWhole(path).catch(ignoreMissing);
    }
    report.areas.push(area);
  }
  return report;
}

/**
 * Reads every entry of a directory that machines share, and removes what is damaged.
 * @param secret records must bear its HMAC; undefined: they need not
 */
export async function verifyShared(
  directory: string,
  secret: string | undefined,
): Promise<VerifyCacheReport> {
  const report: VerifyCacheReport = { areas: [], damaged: [], outdated: 0 };
  const checked = async (kind: 'ac' | 'cas', check: (file: BlobFile) => Promise<void>) => {
    const files = await listBlobs(directory, kind);
    let entries = 0;
    for (const file of files) {
      const reason = await check(file).then(
        () => undefined,
        (error: unknown) => error as NodeJS.ErrnoException,
      );
      if (reason?.code === 'ENOENT' && reason.path === file.path) continue; // it has just gone
      entries++;
      if (reason === undefined) continue;
      throwIfUnreadable(reason);
      if (reason instanceof OtherFormat) {
        report.outdated++;
        continue;
      }
      const key = file.name.slice(kind.length + 1);
      report.damaged.push({ area: kind, key, reason: reason.message });
      await unlink(file.path).catch(ignoreMissing);
    }
    report.areas.push({ name: kind, entries, checked: entries });
  };
  await checked('cas', async ({ name, path }) => {
    const bytes = await readUnnoted(path, longestPack);
    if (`cas/${sha256(bytes)}` !== name) throw new Error('its name is not its hash');
  });
  await checked('ac', async ({ name, path }) => {
    const text = (await readUnnoted(path, longestRecord)).toString('utf8');
    const { pack } = await parseEntry(text, name.slice('ac/'.length), secret);
    const file = join(directory, 'cas', pack.sha256);
    const bytes = await readUnnoted(file, longestPack).catch((error: unknown) => {
      throwIfUnreadable(error);
      throw new Error(`its pack cannot be read: ${(error as Error).message}`);
    });
    checkPack(bytes, pack);
    await readPack(bytes);
  });
  return report;
}

function ignoreMissing(error: unknown): void {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
}
