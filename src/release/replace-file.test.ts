import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { kbuildErrorOf } from '../../test/support/kbuild-error-of.js';
import { temporaryDirectory } from '../../test/support/temporary-directory.js';
import { replaceFile } from './replace-file.js';

const data = Buffer.from('new');
let directory: string;
let file: string;
beforeEach(() => {
  directory = temporaryDirectory({ 'a.ko': 'old' });
  file = join(directory, 'a.ko');
});

describe('replaceFile', () => {
  it.each([0o644, 0o444, 0o600, 0o755])('keeps the mode %o', async (mode) => {
    chmodSync(file, mode);
    await replaceFile(file, data, file);
    expect(readFileSync(file, 'utf8')).toBe('new');
    expect(statSync(file).mode & 0o7777).toBe(mode);
    expect(readdirSync(directory)).toEqual(['a.ko']);
  });

  it('keeps the owner, where it may', async () => {
    if (process.getuid?.() === 0) chownSync(file, 12345, 23456);
    const { uid, gid } = statSync(file);
    await replaceFile(file, data, file);
    expect(statSync(file)).toMatchObject({ uid, gid });
  });

  it('follows symbolic links, and leaves them', async () => {
    mkdirSync(join(directory, 'sub'));
    const link = join(directory, 'sub/link.ko');
    symlinkSync('../a.ko', link);
    await replaceFile(link, data, link);
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    expect(readFileSync(file, 'utf8')).toBe('new');
    expect(readdirSync(join(directory, 'sub'))).toEqual(['link.ko']);
  });

  it('makes the directory of a new file, which gets the mode of its model', async () => {
    chmodSync(file, 0o640);
    const target = join(directory, 'out/deep/a.ko');
    await replaceFile(target, data, file);
    expect(statSync(target).mode & 0o7777).toBe(0o640);
    expect(readFileSync(file, 'utf8')).toBe('old');
  });

  it.each([
    ['a directory in its place', 'sub'],
    ['a file in the place of its directory', 'a.ko/b.ko'],
    ['a name that is too long', 'x'.repeat(300)],
  ])('fails over %s and leaves nothing behind', async (_, name) => {
    mkdirSync(join(directory, 'sub'));
    const error = await kbuildErrorOf(() => replaceFile(join(directory, name), data, file));
    expect(error.code).toBe('STORAGE_FAILED');
    expect(readdirSync(directory).sort()).toEqual(['a.ko', 'sub']);
    expect(readFileSync(file, 'utf8')).toBe('old');
  });

  it('leaves the old file where not all of the new one can be written', () => {
    // No file may get longer than 512 KiB: the write then fails in its midst, as on a full disk.
    const module = join(import.meta.dirname, 'replace-file.ts');
    writeFileSync(
      join(directory, 'run.mts'),
      `import { replaceFile } from '${module}';
      await replaceFile('${file}', Buffer.alloc(2 ** 21), '${file}').catch((error) => console.log(error.code));`,
    );
    const jiti = join(import.meta.dirname, '../../node_modules/.bin/jiti');
    const limited = `trap '' XFSZ; ulimit -f 1024; exec ${jiti} ${directory}/run.mts`;
    const said = execFileSync('sh', ['-c', limited], { encoding: 'utf8' });
    expect(said).toBe('STORAGE_FAILED\n');
    expect(readdirSync(directory).sort()).toEqual(['a.ko', 'run.mts']);
    expect(readFileSync(file, 'utf8')).toBe('old');
  });
});
