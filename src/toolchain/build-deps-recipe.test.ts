import { describe, expect, it } from 'vitest';
import { archByName } from '../arch/arch.js';
import { imageWith } from './build-deps-recipe.js';
import { toolchainImage } from './image-recipe.js';
import { toolchainByName } from './toolchain.js';

const [arm64, x86] = [archByName('arm64'), archByName('x86_64')];
const [gcc12, gcc14] = [toolchainByName('gcc-12'), toolchainByName('gcc-14')];

describe('imageWith', () => {
  it('is the toolchain’s own image where nothing is to be added', () => {
    expect(imageWith(gcc12, x86, [])).toEqual(toolchainImage(gcc12, x86));
  });

  it('is made of the toolchain’s image, with the packages', () => {
    const { name, key, args, dockerfile } = imageWith(gcc12, x86, ['pkg-config', 'iptables']);
    expect(name).toBe(`kbuild-ts/gcc-12-deps:${key.slice(0, 12)}`);
    expect(args).toEqual({
      BASE: toolchainImage(gcc12, x86).name,
      FOREIGN: '',
      PACKAGES: 'iptables pkg-config',
    });
    for (const arg of [...Object.keys(args), 'APT_OPTIONS']) {
      expect(dockerfile).toMatch(new RegExp(`^ARG ${arg}$`, 'm'));
    }
  });

  it('runs as the same user as the toolchain’s image', () => {
    const users = [imageWith(gcc12, x86, ['a1']), toolchainImage(gcc12, x86)].map(
      ({ dockerfile }) => dockerfile.match(/^USER .*$/gm)?.at(-1),
    );
    expect(users[0]).toMatch(/^USER \d+:\d+$/);
    expect(users[0]).toBe(users[1]);
  });

  it('has the architectures that packages are named with, each once', () => {
    const packages = ['a1:arm64', 'b1:armhf=2:1.0', 'c1:arm64', 'd1=1:2.0', 'e1:native'];
    expect(imageWith(gcc12, x86, packages).args.FOREIGN).toBe('arm64 armhf');
  });

  it('is the same image in whatever order the packages stand, and how often', () => {
    const image = imageWith(gcc12, x86, ['a1', 'b1']);
    expect(imageWith(gcc12, x86, ['b1', 'a1', 'b1'])).toEqual(image);
  });

  it('is another image for other packages, another toolchain or machine', () => {
    const keys = [
      imageWith(gcc12, x86, ['a1']),
      imageWith(gcc12, x86, ['a1', 'b1']),
      imageWith(gcc12, x86, ['a1=2']),
      imageWith(gcc12, x86, ['a1:arm64']),
      imageWith(gcc12, arm64, ['a1']),
      imageWith(gcc14, x86, ['a1']),
    ].map(({ key }) => key);
    expect(new Set(keys).size).toBe(keys.length);
  });
});
