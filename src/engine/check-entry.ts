import { createHash } from 'node:crypto';
import { existsSync, lstatSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { throwIfUnreadable } from '../storage/throw-if-unreadable.js';
import { logFile, moduleFile, recordName, storeVersion, symversFile } from './job-store.js';
import { parseStoredRecord } from './stored-record.js';

/** What an entry of the job cache is; `outdated`: another version of kbuild-ts wrote it. */
export type EntryCondition =
  { state: 'whole' | 'outdated' | 'gone' } | { state: 'damaged'; reason: string };

/**
 * Reads all of an entry and holds it against its hashes; changes nothing.
 * @throws what the system says where it may not be read
 */
export async function checkJobEntry(directory: string): Promise<EntryCondition> {
  try {
    const text = await readFile(join(directory, recordName), 'utf8');
    const { formatVersion } = (JSON.parse(text) ?? {}) as { formatVersion?: unknown };
    if (typeof formatVersion === 'number' && formatVersion !== storeVersion) {
      return { state: 'outdated' };
    }
    const job = { ...parseStoredRecord(text), directory };
    const expected = [
      ...job.modules.map(({ path, sha256 }) => [path, moduleFile(job, path), sha256] as const),
      ['Module.symvers', symversFile(directory), job.symversSha256] as const,
    ];
    for (const [name, file, hash] of expected) {
      const found = createHash('sha256')
        .update(await readFile(file))
        .digest('hex');
      if (found !== hash) throw new Error(`${name} is not what its record says`);
    }
    if (!lstatSync(logFile(job)).isFile()) throw new Error('its log is no file');
    return { state: 'whole' };
  } catch (error) {
    throwIfUnreadable(error);
    // A run, or 'cache prune', may have taken it away meanwhile.
    if (!existsSync(directory)) return { state: 'gone' };
    return { state: 'damaged', reason: (error as Error).message };
  }
}
