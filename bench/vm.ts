import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { archByName } from '../src/arch/arch.js';
import { busyboxOf } from '../test/support/debian-image.js';
import type { Bench, Measured } from './group.js';
import { race } from './measure.js';
import type { Row } from './row.js';

const archs = ['x86_64', 'arm64'];

/** A module that is built, tried in the kernel that it was built for, beside QEMU alone. */
export async function vmRows(bench: Bench): Promise<Measured> {
  const rows: Row[] = [];
  for (const arch of archs) rows.push(await testOfHello(bench, arch));
  return { rows };
}

/** What people write by hand: an initramfs with BusyBox and a module, and QEMU. */
async function testOfHello({ bin, examples, runs, workplace }: Bench, arch: string): Promise<Row> {
  const hello = join(examples, 'hello');
  const out = join(workplace.directory, `vm-${arch}`);
  const options = ['--kernel', 'debian:bookworm', '--arch', arch, '--out', out, '--accel', 'tcg'];
  const test = [bin, 'test', hello, ...options];
  await execa('node', test); // fetches and builds
  const { stdout } = await execa('node', [...test, '--json']);
  const { jobs, tests } = JSON.parse(stdout) as {
    jobs: { artifacts: { path: string }[] }[];
    tests: { kernelImage: string }[];
  };
  const module = join(out, jobs[0]!.artifacts[0]!.path);
  const what = `test of hello, ${arch}, built before`;
  const name = 'QEMU alone, with the same kernel';
  const [measured, baseline] = await race(
    [
      { name: what, command: ['node', ...test] },
      { name, command: await bareQemu(arch, tests[0]!.kernelImage, module, workplace.directory) },
    ],
    { runs },
  );
  return { what, against: name, measured: measured!, baseline: baseline!, goal: { added: 0.5 } };
}

async function bareQemu(
  arch: string,
  image: string,
  module: string,
  directory: string,
): Promise<[string, ...string[]]> {
  const { qemu } = archByName(arch);
  const root = join(directory, `guest-${arch}`);
  for (const name of ['bin', 'proc', 'sys']) mkdirSync(join(root, name), { recursive: true });
  copyFileSync(await busyboxOf(arch), join(root, 'bin/busybox'));
  copyFileSync(module, join(root, 'hello.ko'));
  const init = `#!/bin/busybox sh
busybox mount -t proc proc /proc
busybox insmod /hello.ko
busybox cat /proc/modules
busybox rmmod hello
busybox poweroff -f
`;
  writeFileSync(join(root, 'init'), init);
  for (const program of ['init', 'bin/busybox']) chmodSync(join(root, program), 0o755);
  const initramfs = `${root}.cpio`;
  execFileSync('sh', ['-c', `find . | cpio -o -H newc --quiet > '${initramfs}'`], { cwd: root });
  return [
    qemu.binary,
    ...['-machine', qemu.machine, '-accel', 'tcg', '-cpu', qemu.cpu, '-m', '512'],
    ...['-nodefaults', '-no-reboot', '-display', 'none', '-serial', 'stdio'],
    ...['-kernel', image, '-initrd', initramfs],
    ...['-append', `console=${qemu.console} panic=-1 quiet`],
  ];
}
