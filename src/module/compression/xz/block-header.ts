import { damaged } from '../failure.js';
import { checkCrc32, FieldReader, padded } from './fields.js';
import type { XzBlock } from './streams.js';

/** One filter of a block: what the content went through, the last one being LZMA2. */
export interface XzFilter {
  id: number;
  properties: Uint8Array;
}

/** Where the compressed data of a block lie, and what they went through. */
export interface XzBlockData {
  filters: XzFilter[];
  /** The compressed data: offset into the file and size, in bytes. */
  offset: number;
  size: number;
  /** Where the check of the content lies. */
  checkOffset: number;
}

/**
 * Reads the header of a block (section 3.1 of the xz format) and holds it against the index.
 * @throws KbuildError MODULE_COMPRESSION
 */
export function readXzBlock(bytes: Uint8Array, block: XzBlock, checkSize: number): XzBlockData {
  const { offset: start, unpaddedSize, uncompressedSize } = block;
  const headerSize = ((bytes[start] ?? 0) + 1) * 4;
  const offset = start + headerSize;
  const size = unpaddedSize - headerSize - checkSize;
  if (headerSize < 8 || size <= 0) throw damaged('xz', start, 'no block is where the index says');
  checkCrc32(bytes, start, offset - 4, offset - 4, 'a block header');

  const reader = new FieldReader(bytes, start + 1, offset - 4);
  const flags = reader.byte();
  if ((flags & 0x3c) !== 0) throw damaged('xz', start + 1, 'reserved flags are set');
  const sizes = [
    (flags & 0x40) === 0 ? size : reader.number(),
    (flags & 0x80) === 0 ? uncompressedSize : reader.number(),
  ];
  if (sizes[0] !== size || sizes[1] !== uncompressedSize) {
    throw damaged('xz', start, "the block's sizes are not those of the index");
  }
  const filters = Array.from({ length: (flags & 3) + 1 }, () => ({
    id: reader.number(),
    properties: reader.take(reader.number()),
  }));
  reader.padding();
  const checkOffset = offset + padded(size);
  new FieldReader(bytes, offset + size, checkOffset).padding();
  return { filters, offset, size, checkOffset };
}
