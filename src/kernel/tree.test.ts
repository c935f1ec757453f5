import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../../test/support/temporary-directory.js';
import { follow, linkTarget, locate } from './tree.js';

/** Two packages, unpacked into directories of their own. */
const first = temporaryDirectory({
  'usr/src/kdir/Makefile': '',
  'usr/src/kdir/both': 'first',
  'usr/src/kdir/scripts': { link: '../../lib/kbuild/scripts' },
  'usr/src/kdir/absolute': { link: '/usr/lib/kbuild' },
  'usr/src/kdir/dangling': { link: '../nowhere' },
  'usr/src/kdir/chain': { link: 'absolute/scripts' },
  'usr/src/kdir/loop': { link: 'loop2' },
  'usr/src/kdir/loop2': { link: 'loop' },
  'usr/src/kdir/top': { link: '../../../../../../../usr/src' },
});
const second = temporaryDirectory({
  'usr/src/kdir/both': 'second',
  'usr/lib/kbuild/scripts/fixdep': '',
});
const roots = [first, second];

describe('locate', () => {
  it('finds a path in the first directory that holds it', () => {
    expect(locate(roots, '/usr/src/kdir/Makefile')).toBe(join(first, 'usr/src/kdir/Makefile'));
    expect(locate(roots, '/usr/lib/kbuild')).toBe(join(second, 'usr/lib/kbuild'));
    expect(locate(roots, '/usr/src/kdir/both')).toBe(join(first, 'usr/src/kdir/both'));
  });

  it('finds a link itself, wherever it leads', () => {
    expect(locate(roots, '/usr/src/kdir/dangling')).toBe(join(first, 'usr/src/kdir/dangling'));
  });

  it('finds nothing where there is nothing', () => {
    expect(locate(roots, '/usr/share')).toBeUndefined();
    expect(locate([], '/usr')).toBeUndefined();
  });

  it('finds nothing below a file', () => {
    expect(locate(roots, '/usr/src/kdir/Makefile/x')).toBeUndefined();
  });
});

describe('linkTarget', () => {
  it('resolves a link as a path of the tree', () => {
    expect(linkTarget(roots, '/usr/src/kdir/scripts')).toBe('/usr/lib/kbuild/scripts');
    expect(linkTarget(roots, '/usr/src/kdir/absolute')).toBe('/usr/lib/kbuild');
    expect(linkTarget(roots, '/usr/src/kdir/dangling')).toBe('/usr/src/nowhere');
  });

  it('does not leave the tree at its top', () => {
    expect(linkTarget(roots, '/usr/src/kdir/top')).toBe('/usr/src');
  });

  it('gives nothing for what is no link', () => {
    expect(linkTarget(roots, '/usr/src/kdir/Makefile')).toBeUndefined();
    expect(linkTarget(roots, '/usr/share')).toBeUndefined();
  });
});

describe('follow', () => {
  it.each([
    ['a path without links', '/usr/src/kdir/both', [first, 'usr/src/kdir/both']],
    ['a link into another package', '/usr/src/kdir/scripts', [second, 'usr/lib/kbuild/scripts']],
    [
      'a path through a link',
      '/usr/src/kdir/scripts/fixdep',
      [second, 'usr/lib/kbuild/scripts/fixdep'],
    ],
    [
      'a link to a path through a link',
      '/usr/src/kdir/chain/fixdep',
      [second, 'usr/lib/kbuild/scripts/fixdep'],
    ],
    [
      'a link that climbs beyond the top',
      '/usr/src/kdir/top/kdir/both',
      [first, 'usr/src/kdir/both'],
    ],
    ['dots in a path', '/usr/src/../lib/kbuild', [second, 'usr/lib/kbuild']],
  ])('follows %s', (_, path, [root, name]) => {
    expect(follow(roots, path)).toBe(join(root ?? '', name ?? ''));
  });

  it.each([
    ['a link that leads nowhere', '/usr/src/kdir/dangling'],
    ['a path below such a link', '/usr/src/kdir/dangling/x'],
    ['links that lead to each other', '/usr/src/kdir/loop'],
    ['a path that does not exist', '/usr/src/kdir/none/at/all'],
    ['a path below a file', '/usr/src/kdir/Makefile/x'],
  ])('gives nothing for %s', (_, path) => {
    expect(follow(roots, path)).toBeUndefined();
  });

  it('finds the same by what it has learned on the way', () => {
    const paths = [
      ...['scripts/fixdep', 'chain/fixdep', 'both', 'Makefile', 'Makefile/x', 'none', 'loop'],
      ...['dangling', 'top/kdir/both', '../kdir/both', 'absolute/../kdir/both', ''],
    ].map((name) => `/usr/src/kdir/${name}`);
    const followed = new Map<string, string>();
    for (const path of [...paths, ...paths.toReversed()]) {
      expect([path, follow(roots, path, followed)]).toEqual([path, follow(roots, path)]);
    }
    expect(followed.get('/usr/src/kdir')).toBe(join(first, 'usr/src/kdir'));
    expect([...followed.keys()].filter((path) => linkTarget(roots, path))).toEqual([]);
  });

  it('follows links of this machine from its root', () => {
    const directory = temporaryDirectory({ 'a/file': '', b: { link: 'a' } });
    expect(follow(['/'], join(directory, 'b/file'))).toBe(join(directory, 'a/file'));
  });
});
