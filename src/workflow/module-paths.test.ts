import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { kbuildErrorOf } from '../../test/support/kbuild-error-of.js';
import { temporaryDirectory } from '../../test/support/temporary-directory.js';
import { modulePaths } from './module-paths.js';

const files = {
  'kernel/b.ko': '',
  'kernel/a.ko.xz': '',
  'kernel/net/c.ko.gz': '',
  'kernel/net/d.ko.zst': '',
  'kernel/net/e.ko.bz2': '',
  'kernel/net/f.o': '',
  'kernel/net/ko': '',
  'modules.dep': '',
};
const all = ['kernel/a.ko.xz', 'kernel/b.ko', 'kernel/net/c.ko.gz', 'kernel/net/d.ko.zst'];

describe('modulePaths', () => {
  let directory: string;
  const from = process.cwd();
  const at = (...names: string[]) => names.map((name) => join(directory, name));

  beforeEach(() => {
    directory = temporaryDirectory(files);
  });
  afterEach(() => {
    process.chdir(from);
  });

  it('takes a file as it is, whatever its name', async () => {
    expect(await modulePaths(at('kernel/b.ko', 'modules.dep'))).toEqual(
      at('kernel/b.ko', 'modules.dep'),
    );
  });

  it('finds all modules below a directory, in the order of their names', async () => {
    expect(await modulePaths([directory])).toEqual(at(...all));
    expect(await modulePaths([`${directory}/`])).toEqual(at(...all));
  });

  it('finds what a glob matches: modules, and those below directories', async () => {
    expect(await modulePaths(at('kernel/*.ko'))).toEqual(at('kernel/b.ko'));
    expect(await modulePaths(at('**/*.ko{,.xz}'))).toEqual(at('kernel/a.ko.xz', 'kernel/b.ko'));
    expect(await modulePaths(at('ker*/net'))).toEqual(
      at('kernel/net/c.ko.gz', 'kernel/net/d.ko.zst'),
    );
  });

  it('keeps the order of what it is given', async () => {
    const wanted = at('kernel/net/d.ko.zst', 'kernel/b.ko');
    expect(await modulePaths(wanted)).toEqual(wanted);
  });

  it('takes paths from where it runs', async () => {
    process.chdir(directory);
    expect(await modulePaths(['kernel/*.ko'])).toEqual(['kernel/b.ko']);
    expect(await modulePaths(['kernel'])).toEqual(all);
    expect(await modulePaths(['.'])).toEqual(all);
  });

  it('takes a name with the characters of globs for a name, if there is such a file', async () => {
    directory = temporaryDirectory({ 'a[1].ko': '', 'a1.ko': '', 'd{x}/m.ko': '', '*/n.ko': '' });
    expect(await modulePaths(at('a[1].ko'))).toEqual(at('a[1].ko'));
    expect(await modulePaths(at('d{x}'))).toEqual(at('d{x}/m.ko'));
    expect(await modulePaths(at('*'))).toEqual(at('*/n.ko'));
  });

  it('follows links to files, and no links to directories', async () => {
    directory = temporaryDirectory({
      'real/a.ko': '',
      'tree/link.ko': { link: '../real/a.ko' },
      'tree/loop': { link: '.' },
      'tree/real': { link: '../real' },
    });
    expect(await modulePaths(at('tree'))).toEqual(at('tree/link.ko'));
    // Named itself, a link is followed.
    expect(await modulePaths(at('tree/real'))).toEqual(at('tree/real/a.ko'));
  });

  it.each([
    ['a path that is not there', 'nowhere/a.ko', 'MODULE_UNREADABLE'],
    ['a directory without modules', 'empty', 'MODULE_NONE'],
    ['a glob that matches nothing', '*.ko', 'MODULE_NONE'],
    ['a glob of directories without modules', 'emp*', 'MODULE_NONE'],
    ['nothing', '', 'MODULE_UNREADABLE'],
  ])('refuses %s', async (_, name, code) => {
    process.chdir(temporaryDirectory({ 'empty/README': '' }));
    const error = await kbuildErrorOf(() => modulePaths([name]));
    expect(error.code).toBe(code);
    expect(error.message).toContain(name);
    expect(error.hint).not.toBe('');
  });

  it('says of a dangling link what it says of a file that is not there', async () => {
    directory = temporaryDirectory({ 'a.ko': { link: 'nowhere' }, 'd/b.ko': { link: 'nowhere' } });
    const error = await kbuildErrorOf(() => modulePaths(at('a.ko')));
    expect(error.code).toBe('MODULE_UNREADABLE');
  });

  it.each([
    ['that leads back to itself', 'loop.ko'],
    ['whose name is too long', `${'a'.repeat(300)}.ko`],
    ['below a file', 'b.ko/a.ko'],
  ])('names a path %s', async (_, name) => {
    directory = temporaryDirectory({ 'loop.ko': { link: 'loop.ko' }, 'b.ko': '' });
    const error = await kbuildErrorOf(() => modulePaths(at(name)));
    expect(error.code).toBe('MODULE_UNREADABLE');
    expect(error.message).toContain(name);
  });

  it('takes files and links alone for modules below a directory', async () => {
    directory = temporaryDirectory({ 'tree/a.ko': '', 'tree/d.ko/b.ko': '', 'tree/d.ko/c.o': '' });
    execFileSync('mkfifo', at('tree/pipe.ko'));
    expect(await modulePaths(at('tree'))).toEqual(at('tree/a.ko', 'tree/d.ko/b.ko'));
    // Named itself, a pipe is left to those who read it.
    expect(await modulePaths(at('tree/pipe.ko'))).toEqual(at('tree/pipe.ko'));
  });

  it('leaves a dangling link that a glob matches to those who read it', async () => {
    directory = temporaryDirectory({ 'a.ko': { link: 'nowhere' }, 'b.ko': '' });
    expect(await modulePaths(at('*.ko'))).toEqual(at('a.ko', 'b.ko'));
  });
});
