import { resolve } from 'node:path';
import { KbuildError } from '../../errors/kbuild-error.js';
import { readBounded } from '../../storage/read-bounded.js';
import { identifyKernelImage, type KernelIdentity } from './read-kernel-image.js';

/** More than any kernel's image has, a vmlinux with its debug information included. Bytes. */
export const largestImage = 2 ** 30;

/**
 * What kernel a file is.
 * @throws KbuildError FILE_UNREADABLE, KERNEL_IMAGE_FORMAT
 */
export async function identifyKernelFile(path: string): Promise<KernelIdentity> {
  let bytes: Buffer;
  try {
    bytes = readBounded(resolve(path), largestImage);
  } catch (cause) {
    throw new KbuildError(
      'FILE_UNREADABLE',
      `cannot read ${path}: ${(cause as Error).message}`,
      'Check the path and its permissions.',
      { cause },
    );
  }
  return identifyKernelImage(bytes);
}
