import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { makeDirectoryAtomic } from '../../storage/atomic.js';
import { entryGrain, markUsed } from '../../storage/mark-used.js';
import { isSet, type KernelConfig } from '../config.js';
import { readContainer } from './container.js';
import { readPayload } from './payload.js';

/** The area of the cache where unpacked kernels are kept. */
export const directBootArea = 'boot';

/**
 * Whether a kernel that has a direct entry comes up by it. With KASAN it does not: the code of that entry
 * (arch/x86/platform/pvh) is instrumented too, and runs before there is any shadow memory.
 */
export const entersDirectly = (config: KernelConfig): boolean => !isSet(config, 'CONFIG_KASAN');

/**
 * What QEMU boots fastest of a kernel's image. A compressed one unpacks itself, which takes seconds where
 * a machine is emulated; the kernel in it that can be entered directly (PVH, `CONFIG_PVH`) is unpacked here,
 * once, and kept. Any other image is given back as it is.
 * @throws KbuildError KERNEL_IMAGE_FORMAT
 */
export async function directBootImage(image: string, cache: string): Promise<string> {
  const { size, mtimeMs } = statSync(image);
  const key = createHash('sha256').update(`${image}\n${size}\n${mtimeMs}`).digest('hex');
  const entry = join(cache, directBootArea, key.slice(0, 2), key);
  const [kernel, without] = [join(entry, 'vmlinux'), join(entry, 'none')];
  if (!existsSync(entry)) {
    const unpacked = await unpackedKernel(readFileSync(image));
    await mkdir(dirname(entry), { recursive: true });
    await makeDirectoryAtomic(entry, (temporary) =>
      unpacked === undefined
        ? writeFile(join(temporary, 'none'), '')
        : writeFile(join(temporary, 'vmlinux'), unpacked),
    );
  }
  markUsed(entry, entryGrain);
  return existsSync(without) ? image : kernel;
}

async function unpackedKernel(bytes: Buffer): Promise<Buffer | undefined> {
  const container = readContainer(bytes);
  if (container?.format !== 'bzImage') return undefined;
  const kernel = await readPayload(container);
  return hasDirectEntry(kernel) ? kernel : undefined;
}

/**
 * Whether an ELF note tells where a hypervisor may enter: XEN_ELFNOTE_PHYS32_ENTRY of `Xen`
 * (include/xen/interface/elfnote.h), 4 or 8 bytes long.
 */
function hasDirectEntry(kernel: Buffer): boolean {
  return [4, 8].some((length) =>
    kernel.includes(Buffer.from([4, 0, 0, 0, length, 0, 0, 0, 18, 0, 0, 0, 88, 101, 110, 0])),
  );
}
