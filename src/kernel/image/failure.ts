import { KbuildError } from '../../errors/kbuild-error.js';

/** What is no kernel image, or one that cannot be read. */
export function unreadableImage(why: string, cause?: unknown): KbuildError {
  return new KbuildError(
    'KERNEL_IMAGE_FORMAT',
    `unreadable kernel image: ${why}`,
    'Give the vmlinuz or Image that is booted, or the uncompressed vmlinux of its build.',
    { cause },
  );
}
