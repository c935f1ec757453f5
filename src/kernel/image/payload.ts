import { KbuildError } from '../../errors/kbuild-error.js';
import { decompressionLimit, decompressModule } from '../../module/compression/decompress.js';
import { detectCompression } from '../../module/compression/detect.js';
import { asBuffer } from './as-buffer.js';
import type { Container } from './container.js';
import { unreadableImage } from './failure.js';
import { lz4LegacyMagic, unlz4 } from './lz4.js';

/** First bytes of what kernels can be compressed with and this program cannot read. */
const unknownCompressions: readonly (readonly [name: string, magic: Buffer])[] = [
  ['bzip2', Buffer.from('BZh')],
  ['lzma', Buffer.of(0x5d, 0, 0)],
  ['lzo', Buffer.from('\x89LZO', 'latin1')],
];

/**
 * The uncompressed kernel of an image.
 * @throws KbuildError KERNEL_IMAGE_FORMAT
 */
export async function readPayload({ format, payload, sized }: Container): Promise<Buffer> {
  if (format === 'vmlinux' || format === 'Image') return asBuffer(payload);
  const bytes = asBuffer(payload);
  const unknown = unknownCompressions.find(([, magic]) =>
    magic.equals(bytes.subarray(0, magic.length)),
  );
  if (unknown !== undefined) throw unreadableImage(`its kernel is compressed with ${unknown[0]}`);
  const compression = detectCompression(bytes);
  const isLz4 = bytes.length >= 8 && bytes.readUInt32LE() === lz4LegacyMagic;
  if (compression === 'none' && !isLz4) {
    throw unreadableImage('its kernel is compressed by an unknown method');
  }
  // gzip ends with its size itself; to what others end with, Kbuild adds it (scripts/Makefile.lib,
  // size_append).
  const sizeFollows = sized && compression !== 'gzip';
  const data = sizeFollows ? bytes.subarray(0, -4) : bytes;
  const size = sizeFollows ? bytes.readUInt32LE(bytes.length - 4) : undefined;
  const kernel = isLz4 ? unpackLz4(data, size) : await decompressKernel(data);
  if (size !== undefined && kernel.length !== size) {
    throw unreadableImage(`its kernel has ${kernel.length} bytes instead of ${size}`);
  }
  return kernel;
}

/** Decompresses a kernel. @throws KbuildError KERNEL_IMAGE_FORMAT */
export async function decompressKernel(data: Uint8Array): Promise<Buffer> {
  try {
    return asBuffer(await decompressModule(data));
  } catch (error) {
    if (!(error instanceof KbuildError)) throw error;
    throw unreadableImage(error.message, error);
  }
}

function unpackLz4(data: Buffer, size: number | undefined): Buffer {
  if (size === undefined || size > decompressionLimit) {
    throw unreadableImage('its kernel is compressed with lz4 and of no known size');
  }
  const kernel = unlz4(data, size);
  if (kernel === undefined) throw unreadableImage('damaged lz4 data');
  return asBuffer(kernel);
}
