import { damaged, maximumParts, unsupported } from './failure.js';

/** The window that libzstd's and the kernel's decoders allow (ZSTD_WINDOWLOG_LIMIT_DEFAULT), bytes. */
export const zstdWindowLimit = 2 ** 27;

/** One zstd frame, by its headers (RFC 8878, 3.1.1). Offsets and sizes in bytes. */
export interface ZstdFrame {
  offset: number;
  /** Where it ends: offset of the byte after its last. */
  end: number;
  /** How far back the content refers: the memory that a decoder needs. */
  windowSize: number;
  /** The size that the frame declares, if it does. */
  contentSize?: number;
  /** What can come out of its blocks at most. */
  bound: number;
  checksum: boolean;
}

const frameMagic = 0xfd2fb528;
/** 16 numbers from here on begin frames that decoders pass over. */
const skippableMagic = 0x184d2a50;
const maximumBlock = 128 * 1024;

/** Reads integers, little-endian; what lies beyond the end is an error. */
function integerReader(bytes: Uint8Array): (offset: number, size: number) => number {
  return (offset, size) => {
    if (offset + size > bytes.length) throw damaged('zstd', bytes.length, 'it is cut off');
    let value = 0;
    for (let i = size - 1; i >= 0; i--) value = value * 256 + (bytes[offset + i] ?? 0);
    return value;
  };
}

/**
 * The frames of zstd data, in order, without the skippable ones. Nothing is decompressed.
 * @throws KbuildError MODULE_COMPRESSION if the data do not consist of whole frames
 */
export function readZstdFrames(bytes: Uint8Array): ZstdFrame[] {
  const integer = integerReader(bytes);
  const frames: ZstdFrame[] = [];
  for (let at = 0, end: number; at < bytes.length; at = end) {
    const magic = integer(at, 4);
    if (magic === frameMagic) {
      if (frames.length === maximumParts) {
        throw damaged('zstd', at, `more than ${maximumParts} frames`);
      }
      const frame = readFrame(integer, at);
      frames.push(frame);
      end = frame.end;
    } else if (Math.floor(magic / 16) === skippableMagic / 16) {
      end = at + 8 + integer(at + 4, 4);
      if (end > bytes.length) throw damaged('zstd', bytes.length, 'it is cut off');
    } else {
      throw damaged('zstd', at, 'what follows is no zstd frame');
    }
  }
  return frames;
}

function readFrame(integer: (offset: number, size: number) => number, offset: number): ZstdFrame {
  const descriptor = integer(offset + 4, 1);
  let at = offset + 5;
  const take = (size: number) => integer((at += size) - size, size);
  const singleSegment = (descriptor & 0x20) !== 0;
  if ((descriptor & 0x08) !== 0) throw damaged('zstd', offset + 4, 'a reserved bit is set');
  const window = singleSegment ? 0 : take(1);
  const dictionary = take([0, 1, 2, 4][descriptor & 3] ?? 0);
  if (dictionary !== 0) throw unsupported('zstd', offset, `it needs dictionary ${dictionary}`);
  const sizeField = [singleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6] ?? 0;
  // A field of two bytes counts from 256.
  const contentSize = sizeField === 0 ? undefined : take(sizeField) + (sizeField === 2 ? 256 : 0);
  const windowSize = singleSegment
    ? (contentSize ?? 0)
    : 2 ** (10 + (window >> 3)) * (1 + (window & 7) / 8);
  const blockLimit = Math.min(windowSize, maximumBlock);

  let bound = 0;
  for (let last = false; !last;) {
    const header = take(3);
    const [type, size] = [(header >> 1) & 3, header >> 3];
    if (type === 3) throw damaged('zstd', at - 3, 'a block of a reserved type');
    if (size > blockLimit) throw damaged('zstd', at - 3, `a block of ${size} bytes is too large`);
    bound += type === 2 ? blockLimit : size;
    const stored = type === 1 ? 1 : size;
    if (stored > 0) integer(at + stored - 1, 1); // it must be there
    at += stored;
    last = (header & 1) === 1;
  }
  const checksum = (descriptor & 4) !== 0;
  if (checksum) take(4);
  return {
    offset,
    end: at,
    windowSize,
    ...(contentSize === undefined ? {} : { contentSize }),
    bound,
    checksum,
  };
}
