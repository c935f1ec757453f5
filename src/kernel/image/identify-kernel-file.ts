import { readInput } from '../../storage/read-input.js';
import { identifyKernelImage, type KernelIdentity } from './read-kernel-image.js';

/** More than any kernel's image has, a vmlinux with its debug information included. Bytes. */
export const largestImage = 2 ** 30;

/**
 * What kernel a file is.
 * @throws KbuildError FILE_UNREADABLE, KERNEL_IMAGE_FORMAT
 */
export async function identifyKernelFile(path: string): Promise<KernelIdentity> {
  return identifyKernelImage(readInput(path, largestImage));
}
