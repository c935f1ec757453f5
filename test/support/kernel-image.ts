/**
 * Small kernel images, put together by hand as the kernel's build lays them out: around compressed
 * bytes and certificates that others made.
 */
import { join } from 'node:path';
import { codeLikeBytes } from './compressors.js';
import { makeKeyPair, openssl } from './openssl.js';

/** A new self-signed certificate, DER. */
export function makeCertificate(directory: string, name: string): Buffer {
  const { cert } = makeKeyPair(directory, name);
  return openssl('x509', '-in', join(cert), '-outform', 'DER');
}

/** How a kernel's assembler lays out certs/system_certificates.S. */
export interface ListLayout {
  /** What `.align 8` means: 8 bytes, or 2⁸. */
  alignment: 8 | 256;
  /** Size of an `unsigned long` in bytes. */
  word: 4 | 8;
  endian: 'little' | 'big';
  /** CONFIG_SYSTEM_EXTRA_CERTIFICATE_SIZE. */
  reserved?: number;
  /** What scripts/insert-sys-cert put into the reserved area. */
  inserted?: Buffer;
}

/**
 * A list of certificates with its sizes. Without `moduleSize` it ends as the list of revoked
 * certificates does, and as every list did before Linux 5.13: something else follows.
 */
export function certificateList(
  certificates: readonly Buffer[],
  moduleSize: number | undefined,
  { alignment, word, endian, reserved, inserted = Buffer.alloc(0) }: ListLayout,
): Buffer {
  const integer = (value: number, size: 4 | 8) => {
    const bytes = Buffer.alloc(size);
    if (endian === 'little') bytes.writeUInt32LE(value, 0);
    else bytes.writeUInt32BE(value, size - 4);
    return bytes;
  };
  let list = Buffer.concat(certificates);
  const size = list.length + inserted.length;
  const align = (to: number) => {
    list = Buffer.concat([list, Buffer.alloc((to - (list.length % to)) % to)]);
  };
  const append = (bytes: Buffer) => (list = Buffer.concat([list, bytes]));
  if (reserved !== undefined) {
    append(Buffer.concat([inserted, Buffer.alloc(reserved - inserted.length)]));
    align(alignment === 8 ? 4 : 16);
    append(integer(inserted.length, 4));
  }
  align(alignment);
  append(integer(size, word));
  if (moduleSize === undefined) return Buffer.concat([list, Buffer.alloc(alignment, 0xa5)]);
  align(alignment);
  append(integer(moduleSize, word));
  return list;
}

/** A kernel's bytes: code, a banner, and the parts, each at a multiple of 256. */
export function uncompressedKernel(parts: readonly Buffer[], release = '6.1.0-56-amd64'): Buffer {
  const start = codeLikeBytes(4096);
  const banner = Buffer.from(
    `Linux version %s (%s)\nLinux version ${release} (build@host) (gcc-12 (Debian) 12.2.0) #1 SMP PREEMPT\n\0`,
  );
  const pieces: Buffer[] = [start, banner];
  let length = start.length + banner.length;
  for (const part of [...parts, codeLikeBytes(512)]) {
    const gap = Buffer.alloc((256 - (length % 256)) % 256, 0xcc);
    pieces.push(gap, part);
    length += gap.length + part.length;
  }
  return Buffer.concat(pieces);
}

/** The identity of an ELF file is what matters of it. */
export function vmlinux(
  kernel: Buffer,
  { word, endian }: Pick<ListLayout, 'word' | 'endian'> = { word: 8, endian: 'little' },
): Buffer {
  const image = Buffer.from(kernel);
  image.write('\x7fELF', 'latin1');
  image[4] = word / 4;
  image[5] = endian === 'little' ? 1 : 2;
  return image;
}

/** arm64's (Documentation/arch/arm64/booting.rst). */
export function rawImage(kernel: Buffer): Buffer {
  const image = Buffer.from(kernel);
  image.fill(0, 24, 32);
  image.write('ARM\x64', 56, 'latin1');
  return image;
}

/** x86's; with `kernel`, its size follows the compressed bytes (size_append in Makefile.lib). */
export function bzImage(compressed: Buffer, kernel?: Buffer): Buffer {
  const size = Buffer.alloc(kernel === undefined ? 0 : 4);
  if (kernel !== undefined) size.writeUInt32LE(kernel.length);
  const payload = Buffer.concat([compressed, size]);
  const [setupSectors, payloadOffset] = [7, 700];
  const head = Buffer.alloc((setupSectors + 1) * 512 + payloadOffset, 0xcc);
  head[0x1f1] = setupSectors;
  head.write('HdrS', 0x202, 'latin1');
  head.writeUInt16LE(0x20f, 0x206);
  head.writeUInt32LE(payloadOffset, 0x248);
  head.writeUInt32LE(payload.length, 0x24c);
  return Buffer.concat([head, payload, Buffer.alloc(64, 0xcc)]);
}

/** EFI zboot (drivers/firmware/efi/libstub/zboot-header.S). */
export function zboot(compressed: Buffer, type: string): Buffer {
  const head = Buffer.alloc(1024);
  head.write('MZ\0\0zimg', 'latin1');
  head.writeUInt32LE(head.length, 8);
  head.writeUInt32LE(compressed.length, 12);
  head.write(type, 24, 'latin1');
  return Buffer.concat([head, compressed, Buffer.alloc(64, 0xcc)]);
}
