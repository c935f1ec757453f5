import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../../../test/support/temporary-directory.js';
import { writeEntries } from './write-entries.js';

const file = (path: string) => ({ path, content: 'ours', executable: false });
const link = (path: string, to: string) => ({ path, content: '', executable: false, link: to });

describe('writeEntries', () => {
  it('writes files, programs and links, readable by all', async () => {
    const directory = join(temporaryDirectory(), 'new');
    await writeEntries(
      [file('a/b/c'), { ...file('run'), executable: true }, link('l', 'a')],
      directory,
    );
    expect(readFileSync(join(directory, 'a/b/c'), 'utf8')).toBe('ours');
    expect(statSync(join(directory, 'run')).mode & 0o777).toBe(0o755);
    expect(statSync(join(directory, 'a/b')).mode & 0o777).toBe(0o755);
    expect(readlinkSync(join(directory, 'l'))).toBe('a');
  });

  it.each([
    ['a link of the same path', 'conf', 'dkms.conf'],
    ['a link that leads nowhere yet', 'none', 'dkms.conf'],
    ['a link to a directory on the way', '', 'dkms.conf/x'],
  ])('writes nothing through %s', async (_, victim, path) => {
    const outside = temporaryDirectory({ conf: 'theirs' });
    const entries = [link('dkms.conf', join(outside, victim)), file(path)];
    await expect(writeEntries(entries, temporaryDirectory())).rejects.toThrow('EEXIST');
    expect(readdirSync(outside)).toEqual(['conf']);
    expect(readFileSync(join(outside, 'conf'), 'utf8')).toBe('theirs');
  });
});
