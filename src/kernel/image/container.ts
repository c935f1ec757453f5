import { ByteReader } from '../../module/bytes.js';
import { unreadableImage } from './failure.js';

/** How a kernel image holds the kernel. */
export type ImageFormat = 'bzImage' | 'zboot' | 'Image' | 'vmlinux';

/** What a kernel image is, and the kernel in it as it lies there. */
export interface Container {
  format: ImageFormat;
  /** The kernel: compressed in a bzImage and in zboot, else as it is. */
  payload: Uint8Array;
  /** After the payload stand its uncompressed size's four bytes, unless it is gzip. */
  sized: boolean;
}

/**
 * Tells by its headers what kind of kernel image some bytes are, or undefined if of no known kind.
 * Signatures that are appended to images for EFI lie behind the payload and do not matter.
 * @throws KbuildError KERNEL_IMAGE_FORMAT if the headers point beyond the file
 */
export function readContainer(bytes: Buffer): Container | undefined {
  return readElf(bytes) ?? readBzImage(bytes) ?? readZboot(bytes) ?? readRawImage(bytes);
}

const textAt = (bytes: Buffer, offset: number, length: number) =>
  bytes.toString('latin1', offset, offset + length);

function readElf(bytes: Buffer): Container | undefined {
  if (textAt(bytes, 0, 4) !== '\x7fELF') return undefined;
  return { format: 'vmlinux', payload: bytes, sized: false };
}

/** x86 (Documentation/arch/x86/boot.rst): the setup header tells the payload since protocol 2.08. */
function readBzImage(bytes: Buffer): Container | undefined {
  if (textAt(bytes, 0x202, 4) !== 'HdrS' || bytes.length < 0x250) return undefined;
  const version = bytes.readUInt16LE(0x206);
  if (version < 0x208) {
    throw unreadableImage(
      `boot protocol ${version >> 8}.${version & 255} does not tell where its kernel lies`,
    );
  }
  // Zero means four, for the sake of boot loaders of the last century.
  const setupSectors = bytes.readUInt8(0x1f1) || 4;
  const offset = (setupSectors + 1) * 512 + bytes.readUInt32LE(0x248);
  const payload = slice(bytes, offset, bytes.readUInt32LE(0x24c));
  return { format: 'bzImage', payload, sized: true };
}

/** EFI zboot, arm64 and others since 6.1 (drivers/firmware/efi/libstub/zboot-header.S). */
function readZboot(bytes: Buffer): Container | undefined {
  if (textAt(bytes, 0, 2) !== 'MZ' || textAt(bytes, 4, 4) !== 'zimg') return undefined;
  if (bytes.length < 0x40) throw unreadableImage('it is cut off in its header');
  const payload = slice(bytes, bytes.readUInt32LE(8), bytes.readUInt32LE(12));
  return { format: 'zboot', payload, sized: false };
}

/** Boot headers of arm64 and RISC-V (Documentation/arch/{arm64,riscv}/boot*.rst), in the kernel itself. */
function readRawImage(bytes: Buffer): Container | undefined {
  if (!['ARM\x64', 'RSC\x05'].includes(textAt(bytes, 56, 4))) return undefined;
  return { format: 'Image', payload: bytes, sized: false };
}

/** Reads the words of an uncompressed kernel, an ELF file or a raw Image, as its headers say. */
export function readWords(kernel: Buffer): ByteReader {
  if (readElf(kernel) !== undefined)
    return new ByteReader(kernel, kernel[5] !== 2, kernel[4] !== 1);
  // The flags of arm64 and RISC-V images; their lowest bit says big-endian.
  return new ByteReader(kernel, ((kernel[24] ?? 0) & 1) === 0, true);
}

function slice(bytes: Buffer, offset: number, length: number): Buffer {
  if (offset + length > bytes.length) {
    throw unreadableImage(
      `its payload of ${length} bytes at offset ${offset} lies beyond its end (${bytes.length})`,
    );
  }
  return bytes.subarray(offset, offset + length);
}
