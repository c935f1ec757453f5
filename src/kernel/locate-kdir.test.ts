import { mkdirSync, symlinkSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { debianHeaders, kdirFiles, release, under } from '../../test/support/kdir-tree.js';
import { temporaryDirectory, writeTree } from '../../test/support/temporary-directory.js';
import { readKdir } from './kdir.js';
import { locateKdir } from './locate-kdir.js';

/** Debian's three packages, unpacked below one directory as `dpkg -x` does it. */
function unpacked(prefix = ''): string {
  const { headers, common, kbuild } = debianHeaders;
  return join(
    temporaryDirectory(
      under(prefix || '.', {
        ...headers,
        ...common,
        ...kbuild,
        [`lib/modules/${release}/build`]: { link: debianHeaders.kdir },
      }),
    ),
    prefix,
  );
}

describe('locateKdir', () => {
  it('reads packages that were unpacked below a directory as if that were the root', () => {
    const root = unpacked();
    const place = locateKdir(join(root, debianHeaders.kdir));
    expect(place).toEqual({ path: debianHeaders.kdir, roots: [root] });
    const kdir = readKdir(place.path, place);
    expect(kdir).toMatchObject({ path: debianHeaders.kdir, inPlace: false, release });
    expect(kdir.mounts.map(({ target }) => target)).toEqual([
      '/usr/lib/linux-kbuild-6.1/scripts',
      '/usr/lib/linux-kbuild-6.1/tools',
      '/usr/src/linux-headers-6.1.0-56-arm64',
      '/usr/src/linux-headers-6.1.0-56-common',
    ]);
    for (const { source, target } of kdir.mounts) expect(source).toBe(join(root, target));
  });

  it('follows the build link there, which names an absolute path', () => {
    const root = unpacked();
    expect(locateKdir(join(root, 'lib/modules', release, 'build'))).toEqual({
      path: debianHeaders.kdir,
      roots: [root],
    });
  });

  it('takes from this machine what was not unpacked, and then alone', () => {
    const root = temporaryDirectory({ ...debianHeaders.headers, ...debianHeaders.common });
    expect(locateKdir(join(root, debianHeaders.kdir)).roots).toEqual([root, '/']);
  });

  it('takes the innermost root where the directory has such a name itself', () => {
    const root = unpacked('usr/src/unpacked');
    expect(locateKdir(join(root, debianHeaders.kdir)).roots).toEqual([root]);
  });

  it('reads anything else where it is, its links followed', () => {
    const directory = temporaryDirectory({
      ...under('usr/src/linux', kdirFiles()),
      'lib/modules/6.1/build': { link: '../../../usr/src/linux' },
      'usr/src/out/source': { link: '../linux' },
    });
    const linux = join(directory, 'usr/src/linux');
    const inPlace = { path: linux, roots: ['/'] };
    expect(locateKdir(linux)).toEqual(inPlace);
    expect(locateKdir(join(directory, 'lib/modules/6.1/build'))).toEqual(inPlace);
    symlinkSync(linux, join(directory, 'link'));
    expect(locateKdir(join(directory, 'link'))).toEqual(inPlace);
    // An O= build in place names its source by this machine's path.
    writeTree(directory, { 'usr/src/out/Makefile': `include ${linux}/Makefile\n` });
    expect(locateKdir(join(directory, 'usr/src/out')).roots).toEqual(['/']);
  });

  it('keeps a path where there is nothing, for the error to name', () => {
    const path = join(temporaryDirectory(), 'usr/src/linux-headers-1');
    expect(locateKdir(path)).toEqual({ path, roots: ['/'] });
    expect(locateKdir('~/no-such-kdir').path).toBe(join(homedir(), 'no-such-kdir'));
  });

  it('is not led astray by links that go round', () => {
    const directory = temporaryDirectory();
    mkdirSync(join(directory, 'usr/src'), { recursive: true });
    symlinkSync('loop', join(directory, 'usr/src/loop'));
    const path = join(directory, 'usr/src/loop');
    expect(locateKdir(path)).toEqual({ path, roots: ['/'] });
  });
});
