import { damaged, maximumParts } from '../failure.js';
import { checkCrc32, FieldReader, padded } from './fields.js';

/** One block of an xz stream, as the stream's index records it. In bytes. */
export interface XzBlock {
  offset: number;
  /** Of its header, its compressed data and its check. */
  unpaddedSize: number;
  uncompressedSize: number;
}

/** One xz stream; a file has one or several. */
export interface XzStream {
  offset: number;
  /** What verifies the content: 0 none, 1 CRC32, 4 CRC64, 10 SHA-256. */
  check: number;
  blocks: XzBlock[];
}

/** Both the header and the footer of a stream have 12 bytes. */
const headerSize = 12;
const magic = [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00];

/**
 * Finds the streams of an xz file and their blocks by the indexes at their ends (sections 2 and 4 of
 * https://tukaani.org/xz/xz-file-format.txt). Nothing is decompressed: sizes are known before.
 * @throws KbuildError MODULE_COMPRESSION if the file does not consist of whole streams
 */
export function readXzStreams(bytes: Uint8Array): XzStream[] {
  if (bytes.length % 4 !== 0) throw damaged('xz', bytes.length, 'its size is no multiple of four');
  const streams: XzStream[] = [];
  let parts = 0;
  for (let end = bytes.length; end > 0;) {
    end = withoutPadding(bytes, end);
    const stream = readStream(bytes, end);
    streams.unshift(stream);
    parts += 1 + stream.blocks.length;
    if (parts > maximumParts) throw damaged('xz', end, `more than ${maximumParts} blocks`);
    end = stream.offset;
  }
  return streams;
}

/** Zeros may follow a stream, four at a time. */
function withoutPadding(bytes: Uint8Array, end: number): number {
  const zero = (at: number) => bytes[at] === 0;
  let at = end;
  while (at >= 4 && zero(at - 1) && zero(at - 2) && zero(at - 3) && zero(at - 4)) at -= 4;
  return at;
}

function readStream(bytes: Uint8Array, end: number): XzStream {
  const footer = end - headerSize;
  if (footer < headerSize || bytes[end - 2] !== 0x59 || bytes[end - 1] !== 0x5a) {
    throw damaged('xz', Math.max(end - 2, 0), 'no stream ends there: it is cut off, or has a tail');
  }
  checkCrc32(bytes, footer + 4, footer + 10, footer, 'a stream footer');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const index = footer - (view.getUint32(footer + 4, true) + 1) * 4;
  if (index < headerSize) throw damaged('xz', footer + 4, 'its index is larger than the file');
  const records = readIndex(bytes, index, footer);

  const size = records.reduce((sum, { unpaddedSize }) => sum + padded(unpaddedSize), 0);
  const offset = index - size - headerSize;
  if (!(offset >= 0)) throw damaged('xz', index, 'its blocks are larger than the file');
  if (magic.some((byte, i) => bytes[offset + i] !== byte)) {
    throw damaged('xz', offset, 'no stream begins where the index says');
  }
  checkCrc32(bytes, offset + 6, offset + 8, offset + 8, 'a stream header');
  const [zero, check = 0] = [bytes[offset + 6], bytes[offset + 7]];
  if (zero !== 0 || check > 15) throw damaged('xz', offset + 6, 'reserved flags are set');
  if (bytes[footer + 8] !== zero || bytes[footer + 9] !== check) {
    throw damaged('xz', footer + 8, "the stream's header and footer differ");
  }
  let at = offset + headerSize;
  const blocks = records.map((record) => {
    const block = { offset: at, ...record };
    at += padded(record.unpaddedSize);
    return block;
  });
  return { offset, check, blocks };
}

function readIndex(bytes: Uint8Array, start: number, footer: number): Omit<XzBlock, 'offset'>[] {
  const end = footer - 4;
  checkCrc32(bytes, start, end, end, 'an index');
  const reader = new FieldReader(bytes, start, end);
  if (reader.byte() !== 0) throw damaged('xz', start, 'no index begins where the footer says');
  const count = reader.number();
  if (count > maximumParts) throw damaged('xz', start + 1, `more than ${maximumParts} blocks`);
  const records = Array.from({ length: count }, () => {
    const unpaddedSize = reader.number();
    if (unpaddedSize < 5) throw damaged('xz', reader.at, 'a block is smaller than can be');
    return { unpaddedSize, uncompressedSize: reader.number() };
  });
  if (reader.end - reader.at > 3)
    throw damaged('xz', reader.at, 'an index longer than its records');
  reader.padding();
  return records;
}
