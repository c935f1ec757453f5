import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { formatEntry, OtherFormat, packNamedBy, parseEntry } from './entry.js';

const key = 'ab'.repeat(32);
const entry = { key, pack: { sha256: 'cd'.repeat(32), size: 1234 } };

const changed = (changes: object, secret?: string): string =>
  JSON.stringify({ ...(JSON.parse(formatEntry(entry, secret)) as object), ...changes });

describe('the record of an entry', () => {
  it('says which pack holds what a job gave', async () => {
    expect(await parseEntry(formatEntry(entry, undefined), key, undefined)).toEqual(entry);
    expect(packNamedBy(formatEntry(entry, 'x'))).toBe(entry.pack.sha256);
    for (const text of ['', 'null', '{}', '{"pack": 1}', '{"pack": {"sha256": 1}}']) {
      expect(packNamedBy(text)).toBeUndefined();
    }
  });

  it.each([
    ['of another job', changed({ key: 'ef'.repeat(32) }), 'another job'],
    ['of no format', changed({ formatVersion: '1' }), 'formatVersion'],
    ['with a pack that leads elsewhere', changed({ pack: { sha256: '../ac', size: 1 } }), 'pack'],
    ['with a pack beyond all memory', changed({ pack: { ...entry.pack, size: 2 ** 40 } }), 'size'],
    ['with more than it has', changed({ more: 1 }), 'more'],
    ['that is none', '[]', ''],
    ['that is no JSON', '<html>', ''],
    ['that is empty', '', ''],
  ])('is refused: one %s', async (_, text, what) => {
    const error: unknown = await parseEntry(text, key, undefined).catch((e: unknown) => e);
    expect(error).not.toBeInstanceOf(OtherFormat);
    expect((error as Error).message).toContain(what);
  });

  it('of another version of kbuild-ts is told from one that is wrong', async () => {
    const one = parseEntry(changed({ formatVersion: 2, more: 'of it' }), key, undefined);
    await expect(one).rejects.toMatchObject({ isNewer: true });
    const other = parseEntry(changed({ storeVersion: 1 }), key, undefined);
    await expect(other).rejects.toMatchObject({ isNewer: false });
  });
});

describe('a secret', () => {
  const secret = 'a long secret';

  it('gives the HMAC-SHA256 that OpenSSL gives', () => {
    const content = ['kbuild-ts', 1, 3, key, entry.pack.sha256, entry.pack.size].join('\n');
    const args = ['dgst', '-sha256', '-hmac', secret, '-r'];
    const said = execFileSync('openssl', args, { input: content, encoding: 'utf8' });
    const { hmac } = JSON.parse(formatEntry(entry, secret)) as { hmac: string };
    expect(said.split(' ')[0]).toBe(hmac);
  });

  it('is asked for where it is set, and not where it is not', async () => {
    expect(await parseEntry(formatEntry(entry, secret), key, secret)).toEqual(entry);
    expect(await parseEntry(formatEntry(entry, secret), key, undefined)).toEqual(entry);
  });

  it.each([
    ['without an HMAC', formatEntry(entry, undefined), 'it has no HMAC'],
    ['of another secret', formatEntry(entry, 'another'), 'is not that of the secret'],
    ['of another pack', changed({ pack: { ...entry.pack, size: 9 } }, secret), 'is not that'],
    ['with an HMAC that is none', changed({ hmac: 'ab' }, secret), 'hmac'],
  ])('refuses a record %s', async (_, text, what) => {
    await expect(parseEntry(text, key, secret)).rejects.toThrow(what);
  });
});
