import { describe, expect, it } from 'vitest';
import { archByName } from '../arch/arch.js';
import { suiteByName } from '../kernel/suite.js';
import { toolchainImage } from './image-recipe.js';
import { allToolchains, toolchainByName } from './toolchain.js';

const [arm64, x86] = [archByName('arm64'), archByName('x86_64')];
const gcc12 = toolchainByName('gcc-12');
const packagesOf = (...args: Parameters<typeof toolchainImage>): string[] =>
  toolchainImage(...args).args.TOOLCHAIN_PACKAGES?.split(' ') ?? [];

describe('toolchainImage', () => {
  it('is of the toolchain’s suite, with the suite’s packages', () => {
    const { args, dockerfile } = toolchainImage(gcc12, x86);
    expect(args.BASE).toBe(suiteByName('bookworm').image);
    expect(args.SUITE_PACKAGES?.split(' ')).toEqual(suiteByName('bookworm').packages);
    for (const name of Object.keys(args)) {
      expect(dockerfile).toMatch(new RegExp(`^ARG ${name}\\b`, 'm'));
    }
  });

  it('has the cross compilers for the archs that the machine is not', () => {
    expect(packagesOf(gcc12, x86)).toEqual([
      'gcc-12',
      'binutils',
      'gcc-12-aarch64-linux-gnu',
      'binutils-aarch64-linux-gnu',
    ]);
    expect(packagesOf(gcc12, arm64)).toEqual([
      'gcc-12',
      'binutils',
      'gcc-12-x86-64-linux-gnu',
      'binutils-x86-64-linux-gnu',
    ]);
  });

  it.each(allToolchains())('names the image of $name after what it is made of', (toolchain) => {
    const { name, key } = toolchainImage(toolchain, x86);
    expect(name).toBe(`kbuild-ts/${toolchain.name}:${key.slice(0, 12)}`);
    expect(key).toMatch(/^[0-9a-f]{64}$/);
    expect(toolchainImage(toolchain, x86).key).toBe(key);
  });

  it('is another image for another machine, package, suite or toolchain', () => {
    const packages = { ...gcc12.packages, native: [...gcc12.packages.native, 'gawk'] };
    const clang = toolchainByName('clang-14');
    const keys = [
      toolchainImage(gcc12, x86),
      toolchainImage(gcc12, arm64),
      toolchainImage({ ...gcc12, packages }, x86),
      toolchainImage({ ...gcc12, suite: 'trixie' }, x86),
      toolchainImage({ ...gcc12, major: 99 }, x86), // its programs have plain names too
      // Clang has no packages for each arch, and yet its program is the machine's own.
      toolchainImage(clang, x86),
      toolchainImage(clang, arm64),
    ].map(({ key }) => key);
    expect(new Set(keys).size).toBe(keys.length);
  });

  it('is the same image for what is not in it', () => {
    const changed = { ...gcc12, make: { CC: 'other' }, program: 'other' };
    expect(toolchainImage(changed, x86)).toEqual(toolchainImage(gcc12, x86));
  });
});
