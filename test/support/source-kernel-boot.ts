import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { archByName } from '../../src/arch/arch.js';
import { temporaryDirectory } from './temporary-directory.js';

/** How long a guest may take. Emulated, on a busy machine. Milliseconds. */
const patience = 120_000;

/**
 * Loads /module.ko, unloads it by the name `hello` and powers off: no C library is installed for
 * arm64, so it is written in its machine's own language. System calls: include/uapi/asm-generic/unistd.h.
 */
const init = `
.globl _start
_start:
  mov x0, #-100
  adr x1, path
  mov x2, #0
  mov x8, #56             // openat
  svc #0
  adr x1, empty
  mov x2, #0
  mov x8, #273            // finit_module
  svc #0
  adr x0, name
  mov x1, #0
  mov x8, #106            // delete_module
  svc #0
  movz x0, #0xdead
  movk x0, #0xfee1, lsl #16
  movz x1, #0x1969
  movk x1, #0x2812, lsl #16
  movz x2, #0xfedc
  movk x2, #0x4321, lsl #16
  mov x8, #142            // reboot: power off
  svc #0
path: .asciz "/module.ko"
name: .asciz "hello"
empty: .asciz ""
`;

/**
 * Boots an arm64 kernel in QEMU, which loads a module called hello and unloads it.
 * @returns what the kernel printed
 */
export async function bootArm64(kernel: string, module: string): Promise<string> {
  const directory = temporaryDirectory({ 'init.s': init });
  const root = join(directory, 'root');
  mkdirSync(root);
  const { triple, qemu } = archByName('arm64');
  const run = (file: string, ...args: string[]) =>
    execFileSync(`${triple}-${file}`, args, { cwd: directory });
  run('as', '-o', 'init.o', 'init.s');
  run('ld', '-o', join(root, 'init'), 'init.o');
  copyFileSync(module, join(root, 'module.ko'));
  const image = join(directory, 'initramfs.cpio');
  execFileSync('sh', ['-c', `find . | cpio -o -H newc --quiet > '${image}'`], { cwd: root });
  const { stdout } = await execa(
    qemu.binary,
    [
      ...['-M', qemu.machine, '-accel', 'tcg', '-cpu', qemu.cpu, '-m', '256', '-nodefaults'],
      ...['-no-reboot', '-display', 'none', '-serial', 'stdio', '-kernel', kernel],
      ...['-initrd', image, '-append', `console=${qemu.console} panic=-1 loglevel=7`],
    ],
    { timeout: patience, stdin: 'ignore' },
  );
  return stdout.replaceAll('\r', '');
}
