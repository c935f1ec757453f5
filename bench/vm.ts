import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { archByName } from '../src/arch/arch.js';
import { busyboxOf } from '../test/support/debian-image.js';
import type { Bench, Measured } from './group.js';
import { race } from './measure.js';
import type { Row } from './row.js';
import { withVirtmeNg } from './virtme-ng.js';

/** A built hello module, ready to be tried in the kernel that it was built for. */
interface Hello {
  what: string;
  /** The command line of `test`, after `node`. */
  test: string[];
  /** The module's file. */
  module: string;
  /** The kernel's release. */
  kernel: string;
  /** boot/vmlinuz-<release> of its unpacked package. */
  image: string;
}

/**
 * A module that is built, tried in the kernel that it was built for, beside QEMU alone and, for
 * x86_64, beside virtme-ng: for arm64 that wants a whole root of arm64. All emulate.
 */
export async function vmRows(bench: Bench): Promise<Measured> {
  const x86 = await builtHello(bench, 'x86_64');
  const arm64 = await builtHello(bench, 'arm64');
  return {
    rows: [
      await besideQemu(bench, 'x86_64', x86),
      await besideQemu(bench, 'arm64', arm64),
      await besideVirtmeNg(bench, x86),
    ],
  };
}

async function builtHello({ bin, examples, workplace }: Bench, arch: string): Promise<Hello> {
  const hello = join(examples, 'hello');
  const out = join(workplace.directory, `vm-${arch}`);
  const options = ['--kernel', 'debian:bookworm', '--arch', arch, '--out', out, '--accel', 'tcg'];
  const test = [bin, 'test', hello, ...options];
  await execa('node', test); // fetches and builds
  const { stdout } = await execa('node', [...test, '--json']);
  const { jobs, tests } = JSON.parse(stdout) as {
    jobs: { artifacts: { path: string }[] }[];
    tests: { kernelImage: string; release: string }[];
  };
  const [{ kernelImage: image, release: kernel }] = tests as [(typeof tests)[0]];
  const module = join(out, jobs[0]!.artifacts[0]!.path);
  return { what: `test of hello, ${arch}, built before`, test, module, kernel, image };
}

/** What people write by hand: an initramfs with BusyBox and a module, and QEMU. */
async function besideQemu({ runs, workplace }: Bench, arch: string, hello: Hello): Promise<Row> {
  const { what, test, image, module } = hello;
  const against = 'QEMU alone, with the same kernel';
  const [measured, baseline] = await race(
    [
      { name: what, command: ['node', ...test] },
      { name: against, command: await bareQemu(arch, image, module, workplace.directory) },
    ],
    { runs },
  );
  return { what, against, measured: measured!, baseline: baseline!, goal: { added: 0.5 } };
}

/** What people use who do not write it by hand. */
function besideVirtmeNg({ runs }: Bench, { what, test, ...load }: Hello): Promise<Row> {
  return withVirtmeNg({ ...load, name: 'hello' }, async ({ title, command }) => {
    const against = `${title}, the same kernel and module`;
    const [measured, baseline] = await race(
      [
        { name: what, command: ['node', ...test] },
        { name: against, command },
      ],
      { runs, warmUp: false },
    );
    return { what, against, measured: measured!, baseline: baseline!, goal: 'shown' };
  });
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
