import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../../test/support/temporary-directory.js';
import { replaceLinkedDirectory, standingAt } from './linked-directory.js';

const file = (path: string, text: string) => ({ path, bytes: Buffer.from(text) });

describe('replaceLinkedDirectory', () => {
  it('puts all files there, and later others in their place', async () => {
    const path = join(temporaryDirectory(), 'out', 'release');
    await replaceLinkedDirectory(path, 'a', [file('a', '1'), file('deb/b', '2')]);
    expect(readFileSync(join(path, 'deb/b'), 'utf8')).toBe('2');
    expect(await standingAt(path)).toBe('ours');
    await replaceLinkedDirectory(path, 'b', [file('c', '3')]);
    expect(readdirSync(path)).toEqual(['c']);
    expect(readdirSync(join(path, '..'))).toHaveLength(2);
  });

  it('takes the place of an empty directory', async () => {
    const path = join(temporaryDirectory(), 'release');
    mkdirSync(path);
    expect(await standingAt(path)).toBe('nothing');
    await replaceLinkedDirectory(path, 'a', [file('a', '1')]);
    expect(readdirSync(path)).toEqual(['a']);
  });

  it('removes what killed runs have left, and nothing else', async () => {
    const directory = temporaryDirectory({
      '.release.d-old.12-0123abcd/a': '',
      '.release.mine/a': '',
      'release.d-x': '',
      '.other.d-old.12-0123abcd/a': '',
    });
    symlinkSync('.release.d-old.12-0123abcd', join(directory, '.release.77-0123abcd'));
    await replaceLinkedDirectory(join(directory, 'release'), 'a', [file('a', '1')]);
    const left = readdirSync(directory).sort();
    expect(left.filter((name) => !name.startsWith('.release.d-a'))).toEqual([
      '.other.d-old.12-0123abcd',
      '.release.mine',
      'release',
      'release.d-x',
    ]);
  });

  it('leaves the old files where the new ones cannot be written', async () => {
    const path = join(temporaryDirectory(), 'release');
    await replaceLinkedDirectory(path, 'a', [file('a', '1')]);
    const both = [file('b', '1'), file('b/c', '1')];
    await expect(replaceLinkedDirectory(path, 'b', both)).rejects.toThrow(/ENOTDIR|EEXIST/);
    expect(readdirSync(path)).toEqual(['a']);
    expect(readdirSync(join(path, '..'))).toHaveLength(2);
  });
});

describe('a file that would lie elsewhere', () => {
  it('is refused, and nothing is put there', async () => {
    const path = join(temporaryDirectory(), 'release');
    for (const out of ['../b', 'a/../../b']) {
      await expect(replaceLinkedDirectory(path, 'a', [file(out, '1')])).rejects.toThrow(
        /leads out/,
      );
    }
    expect(readdirSync(join(path, '..'))).toEqual([]);
  });
});

describe('standingAt', () => {
  it('tells what somebody else has put there', async () => {
    const directory = temporaryDirectory({ 'full/a': '', file: '' });
    symlinkSync('full', join(directory, 'link'));
    symlinkSync('/etc', join(directory, 'away'));
    for (const name of ['full', 'file', 'link', 'away']) {
      expect(await standingAt(join(directory, name)), name).toBe('foreign');
    }
    expect(await standingAt(join(directory, 'no'))).toBe('nothing');
    writeFileSync(join(directory, '.x.d-y'), '');
    symlinkSync('.x.d-y', join(directory, 'x'));
    expect(await standingAt(join(directory, 'x'))).toBe('ours');
    expect(existsSync(join(directory, 'full/a'))).toBe(true);
  });
});
