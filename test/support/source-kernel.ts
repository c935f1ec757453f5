import { readFileSync } from 'node:fs';
import { copyFile, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import type { PreparedKernel } from '../../src/kernel/providers/source/prepare-source.js';
import { cacheDirectory } from '../../src/storage/directories.js';
import {
  describedKernel,
  makeOnce,
  named,
  reporter,
  version,
  type SourceArch,
} from './source-kernel-described.js';
import { makeKernel } from './source-kernel-run.js';

/** A key of a vendor, made once: what trusts it stays the same. */
async function vendorKey(): Promise<{ key: string; cert: string }> {
  const directory = named('vendor', ['prime256v1']);
  await makeOnce(directory, async (temporary) => {
    await execa('openssl', [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
      ...['-days', '36500', '-subj', '/CN=Vendor of modules'],
      ...['-keyout', join(temporary, 'key.pem'), '-out', join(temporary, 'cert.pem')],
    ]);
  });
  return { key: join(directory, 'key.pem'), cert: join(directory, 'cert.pem') };
}

/** What the kernels of `sourceKernel` are described by. */
export async function clangKernel(arch: SourceArch): Promise<string> {
  if (arch === 'arm64') return describedKernel(arch, 'clang-14');
  const fragments = [fileURLToPath(new URL('signed-modules.config', import.meta.url))];
  const files = { 'certs/vendor.x509.pem': (await vendorKey()).cert };
  return describedKernel(arch, 'clang-14', { fragments, files });
}

/**
 * KDIR of Linux 6.1, built with Clang 14, with `O=` and a tiny configuration, that stands at its own
 * place on this machine (`--kdir`); the one for x86_64 loads signed modules alone, and trusts a
 * vendor's key too. It takes minutes the first time: give the hook that calls it a timeout to match.
 */
export async function sourceKernel(arch: SourceArch): Promise<string> {
  const made = await makeKernel(await clangKernel(arch), arch, cacheDirectory(), {
    emit: reporter(),
  });
  const { key, cert } = await vendorKey();
  const kdir = named(`linux-${version}-${arch}`, [
    made.kdir?.identity,
    made.source,
    made.directory,
  ]);
  await makeOnce(kdir, async (temporary) => {
    await execa('cp', ['-al', `${made.directory}/.`, temporary]);
    await moveTo(temporary, made);
    await mkdir(join(temporary, 'certs'), { recursive: true });
    await copyFile(key, join(temporary, 'certs/vendor.pem'));
    await copyFile(cert, join(temporary, 'certs/vendor.x509.pem'));
  });
  return kdir;
}

/** A build with `O=` knows its source by two paths: that of a link, and what its Makefile includes. */
async function moveTo(kdir: string, { source }: PreparedKernel): Promise<void> {
  const [makefile, link] = [join(kdir, 'Makefile'), join(kdir, 'source')];
  const text = readFileSync(makefile, 'utf8').replace(
    /^include .*\/Makefile$/m,
    `include ${source}/Makefile`,
  );
  for (const path of [makefile, link]) await rm(path, { force: true }); // links to the original
  await writeFile(makefile, text);
  await symlink(source, link);
}
