import { describe, expect, it } from 'vitest';
import { kbuildErrorOf } from '../../test/support/kbuild-error-of.js';
import { archByName } from '../arch/arch.js';
import { allToolchains, makeVariables, toolchainByName } from './toolchain.js';

describe('toolchainByName', () => {
  it.each(allToolchains())('knows $name', (toolchain) => {
    expect(toolchainByName(toolchain.name)).toBe(toolchain);
  });

  it('answers a name that is not known with the nearest, and with all', async () => {
    const error = await kbuildErrorOf(() => toolchainByName('gcc12'));
    expect(error.code).toBe('TOOLCHAIN_UNKNOWN');
    expect(error.hint).toMatch(/^Did you mean 'gcc-12'\?/);
    for (const { name } of allToolchains()) expect(error.hint).toContain(name);
  });
});

describe('makeVariables', () => {
  it('names the cross compiler of an arch for GCC', () => {
    expect(makeVariables(toolchainByName('gcc-12'), archByName('arm64'))).toEqual({
      ARCH: 'arm64',
      CROSS_COMPILE: 'aarch64-linux-gnu-',
      CC: 'aarch64-linux-gnu-gcc-12',
      HOSTCC: 'gcc-12',
    });
  });

  it('names the same program whether it crosses or not: which machine builds does not matter', () => {
    const { CC } = makeVariables(toolchainByName('gcc-12'), archByName('x86_64'));
    expect(CC).toBe('x86_64-linux-gnu-gcc-12');
  });

  it('needs no triple for Clang', () => {
    expect(makeVariables(toolchainByName('clang-14'), archByName('x86_64'))).toMatchObject({
      ARCH: 'x86_64',
      LLVM: '-14',
    });
  });

  it('lets a toolchain say ARCH otherwise, in every place of a value', () => {
    const odd = { ...toolchainByName('gcc-12'), make: { ARCH: 'x', A: '{triple}:{triple}' } };
    expect(makeVariables(odd, archByName('arm64'))).toEqual({
      ARCH: 'x',
      A: 'aarch64-linux-gnu:aarch64-linux-gnu',
    });
  });
});
