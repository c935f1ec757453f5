import { describe, expect, it } from 'vitest';
import { kdirOf } from '../../test/support/job-values.js';
import { kbuildErrorOf } from '../../test/support/kbuild-error-of.js';
import { archByName } from '../arch/arch.js';
import type { Kdir } from '../kernel/kdir.js';
import { checkToolchain, defaultToolchain, toolchainForVersion } from './select.js';
import { toolchainByName, type Toolchain } from './toolchain.js';

const gcc12 = toolchainByName('gcc-12');

const builtWith = (family: 'gcc' | 'clang', major: number): Kdir =>
  kdirOf('arm64', { compiler: { family, major, text: `${family} version ${major}.0.1` } });

const withoutCompiler = (): Kdir => {
  const kdir = kdirOf('arm64');
  delete kdir.compiler;
  return kdir;
};

describe('defaultToolchain', () => {
  it.each([
    ['gcc', 10],
    ['gcc', 12],
    ['gcc', 14],
    ['clang', 14],
    ['clang', 19],
  ] as const)('is that of the kernel itself: %s %i', (family, major) => {
    expect(defaultToolchain(builtWith(family, major)).name).toBe(`${family}-${major}`);
  });

  it('is that of the KDIR’s own suite if there are several of one version', () => {
    const other: Toolchain = { ...gcc12, name: 'gcc-12-other', suite: 'trixie' };
    for (const known of [
      [gcc12, other],
      [other, gcc12],
    ]) {
      expect(defaultToolchain(kdirOf('arm64'), known)).toBe(gcc12);
      expect(defaultToolchain(kdirOf('arm64', { suite: 'trixie' }), known)).toBe(other);
    }
  });

  it('is any of that version if none is of the KDIR’s suite', () => {
    const kdir = kdirOf('arm64', { suite: 'bullseye' });
    expect(defaultToolchain(kdir, [gcc12])).toBe(gcc12);
  });

  it('is none if no toolchain has that version: those of the family are named', async () => {
    const error = await kbuildErrorOf(() => defaultToolchain(builtWith('gcc', 13)));
    expect(error.code).toBe('TOOLCHAIN_NONE_FITS');
    expect(error.message).toContain('gcc 13 (gcc version 13.0.1)');
    expect(error.hint).toContain('--toolchain gcc-10 or gcc-12 or gcc-14');
    expect(error.hint).not.toContain('clang');
  });

  it('is none if the compiler of the kernel is not known: all are named', async () => {
    const error = await kbuildErrorOf(() => defaultToolchain(withoutCompiler()));
    expect(error.code).toBe('TOOLCHAIN_NONE_FITS');
    expect(error.message).toContain('an unknown compiler');
    for (const name of ['gcc-12', 'clang-19']) expect(error.hint).toContain(name);
  });
});

describe('toolchainForVersion', () => {
  it.each([
    ['4.19', 'gcc-10'],
    ['5.10', 'gcc-10'],
    ['5.11', 'gcc-12'],
    ['5.9', 'gcc-10'],
    ['6.1', 'gcc-12'],
    ['6.2', 'gcc-14'],
    ['6.12', 'gcc-14'],
    ['6.13', 'gcc-16'],
  ])('is for %s the GCC of the first suite whose kernel is as new: %s', (version, name) => {
    expect(toolchainForVersion(version).name).toBe(name);
  });

  it('is the newest for a kernel that is newer than all, and a stable one where nothing is known', () => {
    const newest = toolchainByName('gcc-16');
    expect(toolchainForVersion('99.1')).toBe(newest);
    expect(toolchainForVersion(undefined)).toBe(toolchainByName('gcc-12'));
  });

  it('is of several of one suite the newest, whatever their order, and never Clang', () => {
    const gcc11: Toolchain = { ...gcc12, name: 'gcc-11', major: 11 };
    const known = [gcc11, gcc12, toolchainByName('clang-14')];
    for (const list of [known, known.toReversed()]) {
      expect(toolchainForVersion('6.1', list)).toBe(gcc12);
    }
  });
});

describe('checkToolchain', () => {
  const check = (toolchain: string, kdir: Kdir, machine = 'x86_64') => {
    checkToolchain(toolchainByName(toolchain), kdir, machine);
  };

  it('has nothing against the default', () => {
    expect(() => {
      check('gcc-12', kdirOf('arm64'));
    }).not.toThrow();
  });

  it('has nothing against another version of the same family', () => {
    expect(() => {
      check('gcc-14', kdirOf('arm64'));
    }).not.toThrow();
  });

  it('has nothing against any toolchain if the kernel does not say its compiler', () => {
    expect(() => {
      check('clang-14', withoutCompiler());
    }).not.toThrow();
  });

  it('refuses the other family, and names the toolchain that fits', async () => {
    const error = await kbuildErrorOf(() => {
      check('clang-14', kdirOf('arm64'));
    });
    expect(error.code).toBe('TOOLCHAIN_MISMATCH');
    expect(error.message).toContain('gcc-12 (Debian 12.2.0-14+deb12u1) 12.2.0');
    expect(error.hint).toContain('--toolchain gcc-12');
  });

  it('refuses the other family though none of the right version is known', async () => {
    const error = await kbuildErrorOf(() => {
      check('gcc-12', builtWith('clang', 99));
    });
    expect(error.code).toBe('TOOLCHAIN_MISMATCH');
    expect(error.hint).toContain("'clang'");
  });

  it('refuses host tools for another machine than builds', async () => {
    const arm = archByName('arm64').elf.machine;
    const foreign = kdirOf('arm64', { hostTools: { machine: arm, glibc: '2.34' } });
    const error = await kbuildErrorOf(() => {
      check('gcc-12', foreign);
    });
    expect(error.code).toBe('KDIR_HOST_TOOLS');
    expect(error.message).toMatch(/ELF machine 183.*x86_64/);
    expect(() => {
      check('gcc-12', foreign, 'arm64');
    }).not.toThrow();
  });

  it.each([
    ['2.31', 'gcc-10', true],
    ['2.32', 'gcc-10', false],
    ['2.36', 'gcc-12', true],
    ['2.37', 'gcc-12', false],
    ['2.4', 'gcc-12', true],
  ])('knows that host tools of glibc %s in the image of %s run: %s', async (glibc, name, runs) => {
    const kdir = kdirOf('arm64', { hostTools: { machine: 62, glibc } });
    if (runs) {
      expect(() => {
        check(name, kdir);
      }).not.toThrow();
      return;
    }
    const error = await kbuildErrorOf(() => {
      check(name, kdir);
    });
    expect(error.code).toBe('KDIR_HOST_TOOLS');
    expect(error.message).toContain(`need glibc ${glibc}`);
  });

  it('takes host tools that are linked statically into any image', () => {
    const kdir = kdirOf('arm64', { hostTools: { machine: 62 } });
    expect(() => {
      check('gcc-10', kdir);
    }).not.toThrow();
  });
});
