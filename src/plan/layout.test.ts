import { describe, expect, it } from 'vitest';
import { kdirOf } from '../../test/support/job-values.js';
import { kbuildErrorOf } from '../../test/support/kbuild-error-of.js';
import { checkKdirPlace, containerLayout, hostLayout, relocateMake } from './layout.js';

const host = hostLayout('/cache/runs/1/host/job');

describe('hostLayout', () => {
  it('puts everything below its directory, each apart from the others', () => {
    const paths = Object.values(host);
    expect(new Set(paths).size).toBe(5);
    for (const path of paths) expect(path).toMatch(/^\/cache\/runs\/1\/host\/job\/\w+$/);
  });
});

describe('checkKdirPlace', () => {
  const mountOf = (target: string) => [{ source: target, target }];

  it.each(['/build', '/build/linux', '/src/linux', '/symvers/x'])('refuses %s', async (path) => {
    const changes = [{ path, mounts: mountOf(path) }, { mounts: mountOf(path) }];
    for (const kdir of changes.map((change) => kdirOf('arm64', change))) {
      const error = await kbuildErrorOf(() => {
        checkKdirPlace(kdir);
      });
      expect(error.code).toBe('KDIR_NOT_IN_PLACE');
      expect(error.message).toContain(kdir.path);
      expect(error.hint).toContain('/src, /build, /symvers');
    }
  });

  it.each(['/usr/src/linux', '/builds/linux', '/home/me/build', '/srcs'])('takes %s', (path) => {
    checkKdirPlace(kdirOf('arm64', { path, mounts: mountOf(path) }));
  });
});

describe('relocateMake', () => {
  it('leaves the make line alone in a container', () => {
    const make = ['make', '-C', '/usr/src/linux', 'M=/build/hello', 'modules'];
    expect(relocateMake(make, containerLayout)).toEqual(make);
  });

  it('moves the build directory and every Module.symvers, and the KDIR not', () => {
    const make = [
      'make',
      ...['-C', '/lib/modules/6.1/build', 'M=/build/hello'],
      'KBUILD_EXTRA_SYMBOLS=/symvers/a/Module.symvers /symvers/b/Module.symvers',
      'modules',
    ];
    expect(relocateMake(make, host)).toEqual([
      'make',
      ...['-C', '/lib/modules/6.1/build', `M=${host.build}/hello`],
      `KBUILD_EXTRA_SYMBOLS=${host.symvers}/a/Module.symvers ${host.symvers}/b/Module.symvers`,
      'modules',
      `KCFLAGS=-ffile-prefix-map=${host.build}=/build`,
    ]);
  });

  it('does not move what others have given, though it begins alike', () => {
    const words = ['-C', '/build/linux', 'M=/build/hello', 'DATA=/build/data'];
    expect(relocateMake(['make', ...words], host).slice(1, -1)).toEqual(
      words.with(2, `M=${host.build}/hello`),
    );
  });

  it('moves the directory of a project that runs its own Makefile', () => {
    const [, , directory] = relocateMake(['make', '-C', '/build/hello'], host);
    expect(directory).toBe(`${host.build}/hello`);
  });

  it('leaves paths alone that only look like the build directory', () => {
    const words = ['X=/builds/a', 'Y=/home/me/build/a', 'Z=-I/opt/build/a', 'W=/buildroot'];
    expect(relocateMake(['make', ...words], host).slice(1, -1)).toEqual(words);
  });

  it('adds to the flags that the project gives, in the order in which they are read', () => {
    const moved = relocateMake(['make', 'KCFLAGS=-g -O1', 'ARCH=arm64'], host);
    expect(moved).toEqual([
      'make',
      `KCFLAGS=-g -O1 -ffile-prefix-map=${host.build}=/build`,
      'ARCH=arm64',
    ]);
  });
});
