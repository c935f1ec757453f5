import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { execa } from 'execa';
import { temporaryDirectory } from './temporary-directory.js';

/** How long a guest may take. Emulated, on a busy machine. Milliseconds. */
const patience = 120_000;

/**
 * Boots an x86_64 kernel in QEMU with BusyBox and some files in /, runs a shell script as init, and
 * powers off.
 * @returns what the guest printed
 */
export async function boot(kernel: string, files: string[], script: string): Promise<string> {
  const directory = temporaryDirectory();
  const root = join(directory, 'root');
  for (const name of ['bin', 'proc', 'sys']) mkdirSync(join(root, name), { recursive: true });
  copyFileSync('/bin/busybox', join(root, 'bin/busybox'));
  for (const file of files) copyFileSync(file, join(root, basename(file)));
  const init = `#!/bin/busybox sh
/bin/busybox mount -t proc proc /proc
/bin/busybox --install -s /bin
${script}
poweroff -f
`;
  writeFileSync(join(root, 'init'), init);
  chmodSync(join(root, 'init'), 0o755);
  const image = join(directory, 'initramfs.cpio');
  execFileSync('sh', ['-c', `find . | cpio -o -H newc --quiet > '${image}'`], { cwd: root });
  const { stdout } = await execa(
    'qemu-system-x86_64',
    [
      ...['-accel', 'tcg', '-cpu', 'max', '-m', '256', '-nodefaults', '-no-reboot'],
      ...['-display', 'none', '-serial', 'stdio', '-kernel', kernel, '-initrd', image],
      ...['-append', 'console=ttyS0 panic=-1 loglevel=4'],
    ],
    { timeout: patience, stdin: 'ignore' },
  );
  return stdout.replaceAll('\r', '');
}
