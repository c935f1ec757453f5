import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { allArchs, archByName } from '../../src/arch/arch.js';
import type { BootFiles } from '../../src/kernel/boot-files.js';
import type { Kdir } from '../../src/kernel/kdir.js';
import { bootFilesOf, busyboxOf, inSession } from '../support/debian-image.js';
import { fetchedKdir } from '../support/kdir.js';
import { findQemu } from '../../src/vm/qemu-program.js';

const run = (program: string, ...args: string[]): string =>
  execFileSync(program, args, { encoding: 'utf8' });

describe.each([
  ['debian:bookworm', 'x86_64'],
  ['debian:bookworm', 'arm64'],
  ['debian:trixie/*-cloud-*/latest', 'x86_64'],
  ['debian:trixie/*-cloud-*/latest', 'arm64'],
])('what %s boots on %s', (ref, arch) => {
  let kdir: Kdir;
  let files: BootFiles;

  beforeAll(async () => {
    kdir = await fetchedKdir(ref, arch);
    files = await bootFilesOf(kdir);
  });

  it('is the kernel of the KDIR', () => {
    const { image } = files;
    const banner = `Linux version ${kdir.release} (`;
    // An arm64 Image is not compressed; of x86's `file` reads the header.
    if (arch === 'arm64') expect(readFileSync(image).includes(banner)).toBe(true);
    else expect(run('file', '-b', image)).toContain(`bzImage, version ${kdir.release} (`);
    expect(run('file', '-b', image)).toContain(arch === 'arm64' ? 'ARM64 boot' : 'x86 boot');
  });

  it('has its modules, and what is built in', () => {
    const { modules = '' } = files;
    const [first = ''] = readFileSync(join(modules, 'modules.order'), 'utf8').split('\n');
    const path = join(modules, first);
    const module = existsSync(path) ? path : `${path}.xz`;
    expect(run('modinfo', '-F', 'vermagic', module).trim()).toBe(kdir.vermagic?.trim());
    expect(readFileSync(join(modules, 'modules.builtin'), 'utf8')).toContain('.ko\n');
  });

  it('is found again without a network', async () => {
    expect(await bootFilesOf(kdir, true)).toEqual(files);
  });
});

describe.each(allArchs())('what a guest for $name runs', ({ name, qemu }) => {
  it('is a static BusyBox of its own, which is there without a network from then on', async () => {
    const path = await busyboxOf(name);
    const elf = run('readelf', '-hlW', path);
    expect(elf).toMatch(name === 'arm64' ? /Machine: +AArch64/ : /Machine: .*X86-64/);
    expect(elf).not.toContain('INTERP');
    expect(run('file', '-b', path)).toContain('statically linked');
    expect(readFileSync(path).includes('BusyBox v')).toBe(true);
    expect(await busyboxOf(name, true)).toBe(path);
  });

  it('runs in the QEMU of an image where this machine has none', async () => {
    const found = await inSession(({ suiteImage }) =>
      findQemu(archByName(name), suiteImage, { PATH: '/nonexistent' }),
    );
    if (found.kind !== 'image') throw new Error(`${found.program} was not to be found`);
    const words = ['run', '--rm', '--network', 'none', found.image.id, found.program];
    const stdout = run('docker', ...words, '-machine', 'help');
    expect(stdout).toMatch(new RegExp(`^${qemu.machine} `, 'm'));
  });
});
