import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packageRoot } from '../data/package-root.js';
import { fixtureModule } from '../../test/support/fixture-module.js';
import { kbuildErrorOf } from '../../test/support/kbuild-error-of.js';
import { readModule } from '../module/read-module.js';
import { allArchs, archByName, hostArch } from './arch.js';

describe('allArchs', () => {
  it('are the files of toolchains/arch/', () => {
    const files = readdirSync(join(packageRoot, 'toolchains/arch')).sort();
    expect(allArchs().map(({ name }) => `${name}.yaml`)).toEqual(files);
  });

  it('tell each other apart by every name that a user may type', () => {
    const names = allArchs().flatMap(({ name, aliases }) => [name, ...aliases]);
    expect(new Set(names).size).toBe(names.length);
  });

  it('tell each other apart by what a KDIR and a module say', () => {
    for (const pick of [
      (a: (typeof archs)[number]) => a.config,
      (a: (typeof archs)[number]) => `${a.elf.machine} ${a.elf.class} ${a.elf.endian}`,
      (a: (typeof archs)[number]) => a.triple,
      (a: (typeof archs)[number]) => a.debian,
    ]) {
      expect(new Set(archs.map(pick)).size).toBe(archs.length);
    }
  });
  const archs = allArchs();

  it('say of ELF files and vermagic what the compiler and the kernel put into real modules', () => {
    for (const [name, fixture] of [
      ['arm64', 'consumer-arm64'],
      ['x86_64', 'exporter-x86_64'],
    ] as const) {
      const { elf, vermagic } = archByName(name);
      const module = readModule(fixtureModule(fixture));
      expect(module.elf).toEqual({ ...elf, type: 1 });
      expect(module.modinfo.vermagic?.[0]?.split(' ').at(-1)).toBe(vermagic);
    }
  });
});

describe('archByName', () => {
  it.each([
    ['arm64', 'arm64'],
    ['aarch64', 'arm64'],
    ['x86_64', 'x86_64'],
    ['amd64', 'x86_64'],
    ['x64', 'x86_64'],
  ])('takes %s for %s', (typed, name) => {
    expect(archByName(typed).name).toBe(name);
  });

  it('refuses another name, with the nearest and all that there are', async () => {
    const error = await kbuildErrorOf(() => archByName('arm46'));
    expect(error.code).toBe('ARCH_UNKNOWN');
    expect(error.message).toBe("unknown architecture 'arm46'");
    expect(error.hint).toMatch(/^Did you mean 'arm64'\? Known architectures: arm64, .*x86_64\.$/);
  });
});

describe('hostArch', () => {
  it('is the architecture that this process runs on', () => {
    const { name, aliases } = hostArch();
    expect([name, ...aliases]).toContain(process.arch);
  });
});
