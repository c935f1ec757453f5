import { dirname } from 'node:path';
import { execa } from 'execa';
import { dockerRun } from '../test/support/dkms-container.js';
import { suiteImage } from '../test/support/suite-image.js';

/**
 * What virtme-ng wants of the machine whose root the guest gets: udev for the ports of `--exec`, a
 * virtiofsd, which it prefers to 9p, and a static BusyBox.
 */
const packages = [
  ...['virtme-ng', 'virtiofsd', 'qemu-system-x86', 'busybox-static'],
  ...['kmod', 'udev', 'iproute2'],
];

/** Installs the kernel, as its package would, and the `poweroff` that the guest ends with. */
const install = `set -e
mkdir -p /lib/modules
cp -a /kernel/lib/modules/"$KERNEL" /lib/modules/
cp /kernel/boot/vmlinuz-"$KERNEL" /boot/
depmod "$KERNEL"
ln -s /bin/busybox /usr/sbin/poweroff`;

/** A kernel and a module that was built for it. */
export interface Load {
  /** The kernel's release. */
  kernel: string;
  /** boot/vmlinuz-<release> of its unpacked package. */
  image: string;
  /** The module's file. */
  module: string;
  /** The module's name. */
  name: string;
}

/** virtme-ng, ready to be timed. */
export interface VirtmeNg {
  /** With the versions of it and of its QEMU. */
  title: string;
  /** Boots, loads the module, finds it in /proc/modules, unloads it and powers off. Emulated. */
  command: [file: string, ...args: string[]];
}

/**
 * Debian trixie's virtme-ng on a kernel of Debian, in a container that stands while `work` goes on.
 * Its guest has the container's root.
 */
export async function withVirtmeNg<T>(
  { kernel, image, module, name }: Load,
  work: (virtmeNg: VirtmeNg) => Promise<T>,
): Promise<T> {
  const check = 'command -v vng && command -v qemu-system-x86_64';
  const made = await suiteImage({ name: 'bench-virtme-ng', suite: 'trixie', packages, check });
  const mounts = [
    { source: dirname(dirname(image)), target: '/kernel' },
    { source: module, target: `/modules/${name}.ko` },
  ];
  const [docker = '', run = '', ...options] = dockerRun(made, kernel, mounts, false, 'virtme-ng');
  const { stdout: id } = await execa(docker, [run, '--detach', ...options, 'sleep', 'infinity']);
  const inside = (...command: string[]) => ['exec', id, ...command];
  try {
    await execa(docker, inside('sh', '-c', install));
    const { stdout: version } = await execa(docker, inside('vng', '--version'));
    const qemu = await execa(docker, inside('qemu-system-x86_64', '--version'));
    const script = `insmod /modules/${name}.ko && grep '^${name} ' /proc/modules && rmmod ${name}`;
    // One that hangs must not hang the bench.
    const vng = ['timeout', '600', 'vng', '--run', kernel, '--disable-kvm', '--exec', script];
    return await work({
      title: `${version.trim()} with QEMU ${/version ([\d.]+)/.exec(qemu.stdout)?.[1]}`,
      command: [docker, ...inside(...vng)],
    });
  } finally {
    await execa(docker, ['rm', '--force', id], { reject: false });
  }
}
