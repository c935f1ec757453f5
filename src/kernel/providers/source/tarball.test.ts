import { execFileSync } from 'node:child_process';
import { readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../../../../test/support/temporary-directory.js';
import { fileHash, versionInName } from './tarball.js';

const { signal } = new AbortController();
const sha256sum = (path: string): string =>
  execFileSync('sha256sum', [path], { encoding: 'utf8' }).slice(0, 64);

describe('fileHash', () => {
  it('is what sha256sum says, also after a change that size and time do not show', async () => {
    const directory = temporaryDirectory({ 'x.tar': 'a'.repeat(3_000_000) });
    const [path, cache] = [join(directory, 'x.tar'), join(directory, 'cache')];
    const { mtime } = statSync(path);
    expect(await fileHash(path, cache, signal)).toBe(sha256sum(path));
    writeFileSync(path, 'b'.repeat(3_000_000));
    utimesSync(path, mtime, mtime);
    expect(await fileHash(path, cache, signal)).toBe(sha256sum(path));
  });

  it('is remembered, and a spoilt note of it is not believed', async () => {
    const directory = temporaryDirectory({ 'x.tar': 'x' });
    const [path, cache] = [join(directory, 'x.tar'), join(directory, 'cache')];
    const hash = await fileHash(path, cache, signal);
    const [note = ''] = readdirSync(join(cache, 'sources/hashes'));
    const other = '0'.repeat(64);
    writeFileSync(join(cache, 'sources/hashes', note), other);
    expect(await fileHash(path, cache, signal)).toBe(other); // it was not read again
    writeFileSync(join(cache, 'sources/hashes', note), hash.slice(1));
    expect(await fileHash(path, cache, signal)).toBe(hash);
  });

  it('ends when it is aborted', async () => {
    const directory = temporaryDirectory({ 'x.tar': 'x'.repeat(1000) });
    const hashing = fileHash(join(directory, 'x.tar'), directory, AbortSignal.abort());
    await expect(hashing).rejects.toMatchObject({ code: 'INTERRUPTED' });
  });
});

describe('versionInName', () => {
  it.each([
    ['/x/linux-6.6.1.tar.xz', '6.6'],
    ['linux-source-6.1.tar.xz', '6.1'],
    ['linux-6.12-rc3.tar.gz', '6.12'],
    ['linux_6.1.90.orig.tar.xz', '6.1'],
    ['v7.2.tar.gz', '7.2'],
    ['5.10.tar', '5.10'],
    ['linux-next.tar.xz', undefined],
    ['bsp2024.tar.xz', undefined],
  ])('reads %s', (name, version) => {
    expect(versionInName(name)).toBe(version);
  });
});
