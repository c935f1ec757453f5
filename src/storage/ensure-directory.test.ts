import { chmodSync, existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../../test/support/temporary-directory.js';
import { ensureDirectory } from './ensure-directory.js';

describe('ensureDirectory', () => {
  it('makes a directory and those above it', () => {
    const path = join(temporaryDirectory(), 'a/b/c');
    ensureDirectory(path);
    expect(statSync(path).isDirectory()).toBe(true);
  });

  it('leaves one that is there as it is, also behind a link', () => {
    const root = temporaryDirectory({ 'real/file': '', link: { link: 'real' } });
    chmodSync(join(root, 'real'), 0o700);
    ensureDirectory(join(root, 'real'));
    ensureDirectory(join(root, 'link'));
    expect(statSync(join(root, 'real')).mode & 0o777).toBe(0o700);
    expect(existsSync(join(root, 'link/file'))).toBe(true);
  });

  it.each([
    ['a file', 'file'],
    ['a path below a file', 'file/below'],
    ['a link that leads nowhere', 'dangling'],
  ])('fails for %s', (_, name) => {
    const root = temporaryDirectory({ file: 'content', dangling: { link: 'nowhere' } });
    expect(() => {
      ensureDirectory(join(root, name));
    }).toThrow(/EEXIST|ENOTDIR|ENOENT/);
    expect(existsSync(join(root, 'nowhere'))).toBe(false);
  });

  it('fails, rather than try for ever, where a file system refuses it', () => {
    expect(() => {
      ensureDirectory('/proc/kbuild-ts/cache');
    }).toThrow();
    expect(existsSync('/proc/kbuild-ts')).toBe(false);
  });
});
