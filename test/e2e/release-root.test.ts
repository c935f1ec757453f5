import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { beforeAll, describe, expect, it } from 'vitest';
import { cloudKernel, debContainer } from '../support/deb-container.js';
import type { DkmsContainer } from '../support/dkms-container.js';
import { kbuildJson } from '../support/cli.js';
import { moduleSource } from '../support/project.js';
import type { ReleaseDocument } from '../support/release.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

/** How long the machine may take. Emulated, on a busy one. Milliseconds. */
const patience = 240_000;

const source = moduleSource(`
static int size = 1;
module_param(size, int, 0444);
MODULE_ALIAS("platform:acme-ring");
static int start(void) { pr_info("ring: %d bytes\\n", size); return 0; }
static void stop(void) {}
module_init(start);
module_exit(stop);`);

/** What the machine does when it is up: as udev would, by the alias of a device. */
const init = `#!/bin/sh
mount -t proc proc /proc
mount -t sysfs sysfs /sys
echo "before: $(grep -c ^ring /proc/modules)"
modprobe platform:acme-ring
echo "exit: $?"
grep ^ring /proc/modules
echo "size: $(cat /sys/module/ring/parameters/size)"
rmmod ring && echo unloaded
`;

describe('a machine whose root has the package', () => {
  let machine: DkmsContainer;
  let packages: string;
  beforeAll(async () => {
    machine = await debContainer('bookworm');
    const project = temporaryDirectory({
      'kbuild.config.yaml': [
        'name: ring',
        'version: 1.2.0',
        'package: { options: { ring: size=4096 } }',
      ].join('\n'),
      Kbuild: 'obj-m := ring.o\n',
      'ring.c': source,
    });
    packages = join(project, 'out');
    const { exitCode, stderr } = await kbuildJson<ReleaseDocument>([
      ...['package', project, '-k', cloudKernel('bookworm'), '-a', 'x86_64'],
      ...['--format', 'deb', '--out', packages],
    ]);
    expect(exitCode, stderr).toBe(0);
    expect(readdirSync(join(packages, 'deb'))).toHaveLength(3);
  });

  it('boots, and modprobe loads the module by its alias, with the options of the package', async () => {
    const out = temporaryDirectory({ init });
    // The root itself, without what no machine needs to come up, as an initramfs.
    const { exitCode, stderr } = await machine.run(
      `set -e
       dpkg -i /debs/*common*.deb /debs/*-modules-$KERNEL*.deb
       cp /boot/vmlinuz-$KERNEL /out/vmlinuz
       cp /out/init /init && chmod 755 /init && mkdir -p /proc /sys
       cd /
       find init bin sbin lib lib64 etc usr proc sys -xdev \\
         \\( -path usr/share -o -path 'usr/lib/*/perl*' -o -path 'usr/lib/python3*' \\
            -o -path "usr/lib/modules/$KERNEL/kernel" -o -path 'proc/*' -o -path 'sys/*' \\) -prune -o -print |
         cpio -o -H newc --quiet > /out/root.cpio`,
      {
        mounts: [
          { source: join(packages, 'deb'), target: '/debs' },
          { source: out, target: '/out', writable: true },
        ],
      },
    );
    expect(exitCode, stderr).toBe(0);
    const { stdout } = await execa(
      'qemu-system-x86_64',
      [
        ...['-accel', 'tcg', '-cpu', 'max', '-m', '1536', '-nodefaults', '-no-reboot'],
        ...['-display', 'none', '-serial', 'stdio', '-kernel', join(out, 'vmlinuz')],
        ...['-initrd', join(out, 'root.cpio')],
        ...['-append', 'console=ttyS0 panic=-1 quiet rdinit=/init no_timer_check'],
      ],
      { timeout: patience, stdin: 'ignore', reject: false },
    );
    const said = stdout.replaceAll('\r', '');
    expect(said).toContain('before: 0');
    expect(said).toContain('exit: 0');
    expect(said).toMatch(/^ring \d+ 0 - Live 0x[0-9a-f]+ \(OE\)$/m);
    expect(said).toContain('size: 4096');
    expect(said).toContain('unloaded');
  });
});
