import { execFileSync } from 'node:child_process';
import { mkdirSync, truncateSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../../test/support/temporary-directory.js';
import { diskUsage } from './disk-usage.js';

/** What du says. Bytes. */
const du = (path: string): number =>
  Number(execFileSync('du', ['-s', '-B1', path], { encoding: 'utf8' }).split('\t')[0]);

describe('diskUsage', () => {
  it('is what du says, of trees and of files', async () => {
    const directory = temporaryDirectory({
      'a/b/c/large': Buffer.alloc(300_000, 7),
      'a/small': 'x',
      'a/empty': '',
      sparse: 'x',
      link: { link: 'a/b/c/large' },
      directory: { link: '/usr/lib' },
      dangling: { link: 'nowhere' },
    });
    mkdirSync(join(directory, 'nothing'));
    truncateSync(join(directory, 'sparse'), 50_000_000);
    execFileSync('sync', ['-f', directory]); // blocks are given out late by some file systems
    for (const name of ['', 'a', 'a/b/c/large', 'a/empty', 'sparse', 'link', 'nothing']) {
      const path = join(directory, name);
      expect([name, await diskUsage(path)]).toEqual([name, du(path)]);
    }
    expect(await diskUsage(directory)).toBeGreaterThan(300_000);
  });

  it('is nothing of what is not there', async () => {
    expect(await diskUsage('/no/such/path')).toBe(0);
  });

  it('counts what is left of a tree that vanishes meanwhile', async () => {
    const files = Array.from({ length: 1_000 }, (_, i) => [`gone/${i}/file`, 'x'] as const);
    const directory = temporaryDirectory({ ...Object.fromEntries(files), 'stays/file': 'x' });
    const [size] = await Promise.all([
      diskUsage(directory),
      rm(join(directory, 'gone'), { recursive: true }),
    ]);
    expect(size).toBeGreaterThanOrEqual(du(join(directory, 'stays')));
  });

  it('says so where something cannot be read', async () => {
    const directory = temporaryDirectory({ file: '' });
    await expect(diskUsage(join(directory, 'file/below'))).rejects.toThrow('ENOTDIR');
  });
});
