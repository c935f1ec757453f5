import { crc32, inflateRawSync } from 'node:zlib';
import { damaged, joined, maximumParts, tooLarge } from './failure.js';

/** Flags of a member's header (RFC 1952, 2.3.1). */
export const gzipFlags = { headerCrc: 2, extra: 4, name: 8, comment: 16, reserved: 0xe0 } as const;

const headerSize = 10;
const trailerSize = 8;

/**
 * Decompresses gzip (RFC 1952): one member or several, verified by CRC32 and length. node:zlib's own
 * gunzip is not used for the whole, as it takes what follows a member for ignorable.
 * Zeros after the last member are padding, as gzip(1) takes them.
 * @throws KbuildError MODULE_COMPRESSION, MODULE_TOO_LARGE
 */
export function gunzip(bytes: Uint8Array, limit: number): Uint8Array {
  const parts: Uint8Array[] = [];
  let total = 0;
  for (let at = 0; at === 0 || !isZeros(bytes, at);) {
    if (parts.length === maximumParts) {
      throw damaged('gzip', at, `more than ${maximumParts} members`);
    }
    const start = gzipDataOffset(bytes, at);
    const { data, end } = inflate(bytes, start, limit - total, limit);
    if (end + trailerSize > bytes.length) throw damaged('gzip', end, 'its checksum is cut off');
    const trailer = new DataView(bytes.buffer, bytes.byteOffset + end, trailerSize);
    if (trailer.getUint32(0, true) !== crc32(data)) {
      throw damaged('gzip', end, 'the CRC32 does not match');
    }
    if (trailer.getUint32(4, true) !== data.length % 2 ** 32) {
      throw damaged('gzip', end + 4, 'the length does not match');
    }
    parts.push(data);
    total += data.length;
    at = end + trailerSize;
  }
  return joined(parts);
}

function isZeros(bytes: Uint8Array, from: number): boolean {
  for (let at = from; at < bytes.length; at++) if (bytes[at] !== 0) return false;
  return true;
}

/** Where the deflated data of the member at an offset begin. */
export function gzipDataOffset(bytes: Uint8Array, member: number): number {
  let at = member + headerSize;
  const flags = bytes[member + 3] ?? 0;
  const need = (end: number) => {
    if (end > bytes.length) throw damaged('gzip', bytes.length, 'its header is cut off');
  };
  const skipString = () => {
    const end = bytes.indexOf(0, at);
    if (end === -1) throw damaged('gzip', at, 'a string in its header has no end');
    at = end + 1;
  };
  need(at);
  if (bytes[member] !== 0x1f || bytes[member + 1] !== 0x8b) {
    throw damaged('gzip', member, 'what follows is no gzip member');
  }
  if (bytes[member + 2] !== 8) throw damaged('gzip', member + 2, 'unknown compression method');
  if ((flags & gzipFlags.reserved) !== 0)
    throw damaged('gzip', member + 3, 'reserved flags are set');
  if ((flags & gzipFlags.extra) !== 0) {
    need(at + 2);
    at += 2 + (bytes[at] ?? 0) + ((bytes[at + 1] ?? 0) << 8);
    need(at);
  }
  if ((flags & gzipFlags.name) !== 0) skipString();
  if ((flags & gzipFlags.comment) !== 0) skipString();
  if ((flags & gzipFlags.headerCrc) !== 0) {
    need(at + 2);
    const expected = (bytes[at] ?? 0) + ((bytes[at + 1] ?? 0) << 8);
    if ((crc32(bytes.subarray(member, at)) & 0xffff) !== expected) {
      throw damaged('gzip', at, 'the CRC of its header does not match');
    }
    at += 2;
  }
  return at;
}

/** Inflates the data at an offset; tells where they end. */
function inflate(
  bytes: Uint8Array,
  start: number,
  room: number,
  limit: number,
): { data: Uint8Array; end: number } {
  const input = bytes.subarray(start);
  try {
    // With `info`, what comes back is no Buffer but this; the types do not know.
    const { buffer, engine } = inflateRawSync(input, {
      maxOutputLength: Math.max(room, 1),
      info: true,
    }) as unknown as { buffer: Buffer; engine: { bytesWritten: number } };
    if (buffer.length > room) throw tooLarge('gzip', limit, 'stopped there');
    return { data: buffer, end: start + engine.bytesWritten };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge('gzip', limit, 'stopped there');
    if (code?.startsWith('Z_') === true) throw damaged('gzip', start, message, error);
    throw error;
  }
}
