import { createHmac, timingSafeEqual } from 'node:crypto';
import { storeVersion } from '../job-store.js';

/** What `ac/<job key>` says: which pack holds what the job gave. */
export interface Entry {
  key: string;
  pack: { sha256: string; size: number };
}

/** Of the record and of the pack. */
const formatVersion = 1;

/** A record has some 300 bytes. */
export const longestRecord = 4096;

/** What a pack may have: all of it goes through the memory. Bytes. */
export const longestPack = 256 * 2 ** 20;

/** Another kbuild-ts wrote this entry: it is no use here, and nothing is wrong with it. */
export class OtherFormat extends Error {
  constructor(readonly isNewer: boolean) {
    super('another version of kbuild-ts wrote it');
  }
}

/** The text of a record; with a secret, it says that who knows it has written it. */
export function formatEntry(entry: Entry, secret: string | undefined): string {
  const record = { formatVersion, storeVersion, ...entry };
  if (secret === undefined) return JSON.stringify(record);
  return JSON.stringify({ ...record, hmac: macOf(entry, secret).toString('hex') });
}

/**
 * Reads a record that anyone may have written.
 * @param key the job's, which the record must name: its name in a store says nothing
 * @throws OtherFormat, or an Error that says what is wrong with it
 */
export async function parseEntry(
  text: string,
  key: string,
  secret: string | undefined,
): Promise<Entry> {
  const [{ parseWith }, { z }] = await Promise.all([import('../stored-record.js'), import('zod')]);
  const version = z.int().positive();
  const versions = parseWith(
    z.looseObject({ formatVersion: version, storeVersion: version }),
    text,
  );
  const difference = versions.formatVersion - formatVersion || versions.storeVersion - storeVersion;
  if (difference !== 0) throw new OtherFormat(difference > 0);
  const hash = z.string().regex(/^[0-9a-f]{64}$/);
  const record = parseWith(
    z.strictObject({
      formatVersion: version,
      storeVersion: version,
      key: hash,
      pack: z.strictObject({ sha256: hash, size: z.int().positive().max(longestPack) }),
      hmac: hash.optional(),
    }),
    text,
  );
  const entry = { key: record.key, pack: record.pack };
  if (entry.key !== key) throw new Error(`it is the record of another job, ${entry.key}`);
  if (secret === undefined) return entry;
  if (record.hmac === undefined) throw new Error('it has no HMAC, and a secret is set');
  if (!timingSafeEqual(Buffer.from(record.hmac, 'hex'), macOf(entry, secret))) {
    throw new Error('its HMAC is not that of the secret');
  }
  return entry;
}

function macOf({ key, pack }: Entry, secret: string): Buffer {
  const content = ['kbuild-ts', formatVersion, storeVersion, key, pack.sha256, pack.size];
  return createHmac('sha256', secret).update(content.join('\n')).digest();
}

/** The pack that a record names, of whatever version it is; undefined if it names none. */
export function packNamedBy(text: string): string | undefined {
  try {
    const record = JSON.parse(text) as { pack?: { sha256?: unknown } } | null;
    const name = record?.pack?.sha256;
    return typeof name === 'string' ? name : undefined;
  } catch {
    return undefined;
  }
}
