import { execFileSync } from 'node:child_process';
import { readFileSync, readlinkSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../../../test/support/temporary-directory.js';
import { packageEpoch } from './epoch.js';
import { tarball } from './tarball.js';

const long = `${'directory/'.repeat(15)}file-with-a-long-name-that-ustar-cannot-split.c`;
const entries = [
  { path: 'a/run', content: '#!/bin/sh\n', executable: true },
  { path: 'a/text', content: 'text\n', executable: false },
  { path: 'a/to', content: '', executable: false, link: 'text' },
  { path: long, content: 'long\n', executable: false },
];

describe('tarball', () => {
  it('is what GNU tar unpacks: names, modes, links, contents, time', async () => {
    const bytes = await tarball(entries, 1_000_000_000, ['empty']);
    const directory = temporaryDirectory({ 'x.tar.gz': bytes });
    const out = temporaryDirectory();
    execFileSync('tar', ['-xzf', join(directory, 'x.tar.gz'), '-C', out]);
    expect(statSync(join(out, 'a/run')).mode & 0o777).toBe(0o755);
    expect(statSync(join(out, 'a/text')).mode & 0o777).toBe(0o644);
    expect(statSync(join(out, 'a/text')).mtimeMs).toBe(1_000_000_000_000);
    expect(readlinkSync(join(out, 'a/to'))).toBe('text');
    expect(readFileSync(join(out, long), 'utf8')).toBe('long\n');
    expect(statSync(join(out, 'empty')).isDirectory()).toBe(true);
  });

  it('is the same bytes each time', async () => {
    expect(await tarball(entries, 7)).toEqual(await tarball(entries, 7));
    expect(await tarball(entries, 7)).not.toEqual(await tarball(entries, 8));
  });
});

describe('packageEpoch', () => {
  it('is SOURCE_DATE_EPOCH, else the same day everywhere', () => {
    expect(packageEpoch({ SOURCE_DATE_EPOCH: '1700000000' })).toBe(1_700_000_000);
    expect(new Date(packageEpoch({}) * 1000).toISOString()).toBe('2000-01-01T00:00:00.000Z');
  });
});
