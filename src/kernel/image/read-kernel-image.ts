import { KbuildError } from '../../errors/kbuild-error.js';
import { detectCompression } from '../../module/compression/detect.js';
import { isSince } from '../release.js';
import { asBuffer } from './as-buffer.js';
import { findBanner } from './banner.js';
import { findBuiltinCertificates, type BuiltinCertificates } from './builtin-certificates.js';
import { readContainer, readWords, type Container, type ImageFormat } from './container.js';
import { unreadableImage } from './failure.js';
import { decompressKernel, readPayload } from './payload.js';

/** Which kernel an image is. */
export interface KernelIdentity {
  format: ImageFormat;
  /** The kernel release: `6.1.0-56-arm64`. */
  release: string;
  /** `Linux version …`, the kernel's first message. */
  banner: string;
}

/** What a kernel image says of itself. */
export interface KernelImage extends KernelIdentity, BuiltinCertificates {}

/**
 * Reads a kernel image: x86's bzImage (`vmlinuz`), arm64's and RISC-V's `Image`, raw, compressed or
 * as EFI zboot, and `vmlinux`. Gives its release and the certificates of .builtin_trusted_keys: those
 * whose signatures on modules it accepts. Keys that firmware or a boot loader adds (.secondary,
 * .platform, .machine) are not in the image.
 * @throws KbuildError KERNEL_IMAGE_FORMAT, KERNEL_IMAGE_NO_CERTS
 */
export async function readKernelImage(bytes: Uint8Array): Promise<KernelImage> {
  const { kernel, identity: found } = await openKernel(bytes);
  const list = findBuiltinCertificates(readWords(kernel), {
    hasModuleSize: isSince(found.release, 5, 13),
  });
  if (list === undefined) {
    throw new KbuildError(
      'KERNEL_IMAGE_NO_CERTS',
      `the image of kernel ${found.release} has no built-in certificates`,
      'This kernel trusts no key by itself. Give the certificate of the signing key as a file.',
    );
  }
  return { ...found, ...list };
}

/**
 * Which kernel an image is; it may trust no key.
 * @throws KbuildError KERNEL_IMAGE_FORMAT
 */
export async function identifyKernelImage(bytes: Uint8Array): Promise<KernelIdentity> {
  return (await openKernel(bytes)).identity;
}

async function openKernel(
  bytes: Uint8Array,
): Promise<{ kernel: Buffer; identity: KernelIdentity }> {
  const container = await openContainer(bytes);
  const kernel = await readPayload(container);
  const found = findBanner(kernel);
  if (found === undefined) throw unreadableImage("no 'Linux version' is in it");
  return { kernel, identity: { format: container.format, ...found } };
}

async function openContainer(bytes: Uint8Array): Promise<Container> {
  const image = asBuffer(bytes);
  // Image.gz and the like: a whole image, compressed.
  const compressed = detectCompression(image) !== 'none';
  const container = readContainer(compressed ? await decompressKernel(image) : image);
  if (container !== undefined) return container;
  throw unreadableImage(`neither bzImage nor Image nor vmlinux (${bytes.length} bytes)`);
}
