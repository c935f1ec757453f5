import { resolve } from 'node:path';
import { archByName } from '../arch/arch.js';
import { KbuildError } from '../errors/kbuild-error.js';
import type { BootSearch } from './boot/boot-search.js';
import { fetchedImage } from './boot/fetched.js';
import { builtImage, installedImage } from './boot/in-place.js';
import { preparedImage } from './boot/prepared.js';
import { identifyKernelFile } from './image/identify-kernel-file.js';
import type { Kdir } from './kdir.js';
import type { ProviderContext } from './providers/port.js';

/** What a machine needs to boot a kernel; paths on this machine. */
export interface BootFiles {
  /** The bootable image: `vmlinuz`, `bzImage`, `Image`. */
  image: string;
  /** Its lib/modules/<release>, where there is one. */
  modules?: string;
}

/**
 * Finds the image of the kernel that a KDIR is of, where such a KDIR comes from: an image package of
 * its repository, the kernel's own build, or this machine's kernels.
 * @throws KbuildError KERNEL_IMAGE_MISSING, FETCH_FAILED
 */
export async function bootFiles(kdir: Kdir, context: ProviderContext): Promise<BootFiles> {
  const found: BootSearch | undefined =
    (await fetchedImage(kdir, context)) ?? preparedImage(kdir, context.cache);
  if (found !== undefined) return filesOf(found, kdir);
  const installed = installedImage(kdir);
  if (installed !== undefined && 'files' in installed) return installed.files;
  const built = await builtImage(kdir);
  if ('files' in built) return built.files;
  return filesOf({ looked: [...(installed?.looked ?? []), ...built.looked] }, kdir);
}

function filesOf(search: BootSearch, { release, arch }: Kdir): BootFiles {
  if ('files' in search) return search.files;
  throw new KbuildError(
    'KERNEL_IMAGE_MISSING',
    `there is no bootable image of kernel ${release} (${arch}): ${search.looked.join('; ')}`,
    'Name the image that this very kernel boots from: --kernel-image FILE.',
  );
}

/**
 * The image that a user names for the kernel of a KDIR.
 * @throws KbuildError FILE_UNREADABLE, KERNEL_IMAGE_FORMAT, KERNEL_IMAGE_MISMATCH
 */
export async function givenBootFiles(file: string, kdir: Kdir): Promise<BootFiles> {
  const { release, format } = await identifyKernelFile(file);
  if (release !== kdir.release) {
    throw new KbuildError(
      'KERNEL_IMAGE_MISMATCH',
      `${file} is the image of ${release}, and the modules are built for ${kdir.release}`,
      'Give the image of this very kernel, and one kernel at a time.',
    );
  }
  const { imageFormats } = archByName(kdir.arch);
  if (!imageFormats.includes(format)) {
    throw new KbuildError(
      'KERNEL_IMAGE_MISMATCH',
      `${file} is of the format ${format}; what boots on ${kdir.arch} is ${imageFormats.join(' or ')}`,
      `Give the image that its boot loader takes: ${archByName(kdir.arch).images.join(' or ')} of the kernel's build.`,
    );
  }
  return { image: resolve(file) };
}
