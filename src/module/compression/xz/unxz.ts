import { damaged, joined, tooLarge, unsupported } from '../failure.js';
import { branchFilters } from './bcj.js';
import { readXzBlock, type XzFilter } from './block-header.js';
import { xzChecks } from './check.js';
import { readDictionary } from './dictionary.js';
import { decodeLzma2 } from './lzma2.js';
import { readXzStreams, type XzBlock } from './streams.js';

/**
 * Decompresses xz: one stream or several, with any check, any dictionary up to 64 MiB and the branch
 * filters of `branchFilters`. Headers, indexes and padding are verified here, and so is each block's
 * check; the LZMA2 data are decoded by a package (`decodeLzma2`).
 * @throws KbuildError MODULE_COMPRESSION, MODULE_TOO_LARGE
 */
export async function unxz(bytes: Uint8Array, limit: number): Promise<Uint8Array> {
  const streams = readXzStreams(bytes);
  const total = streams
    .flatMap(({ blocks }) => blocks)
    .reduce((sum, { uncompressedSize }) => sum + uncompressedSize, 0);
  if (total > limit) throw tooLarge('xz', limit, `its index says ${total}`);
  const parts: Uint8Array[] = [];
  for (const { offset, check, blocks } of streams) {
    for (const block of blocks) parts.push(await decodeBlock(bytes, block, check, offset));
  }
  return joined(parts);
}

async function decodeBlock(
  bytes: Uint8Array,
  block: XzBlock,
  checkId: number,
  streamOffset: number,
): Promise<Uint8Array> {
  const check = xzChecks.get(checkId);
  if (check === undefined) throw unsupported('xz', streamOffset, `check ${checkId}`);
  const { filters, offset, size, checkOffset } = readXzBlock(bytes, block, check.size);
  const branches = filters.slice(0, -1).map((filter) => readBranchFilter(filter, block.offset));
  const dictionary = readDictionary(filters.at(-1), block.offset);
  const data = bytes.subarray(offset, offset + size);
  const content = await decodeLzma2(data, dictionary, block.uncompressedSize, offset);
  const buffer = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  for (const { undo, start } of branches.reverse()) undo(buffer, start);
  const expected = bytes.subarray(checkOffset, checkOffset + check.size);
  if (!Buffer.from(check.of(content)).equals(expected)) {
    throw damaged('xz', checkOffset, `the ${check.name} of the content does not match`);
  }
  return content;
}

function readBranchFilter({ id, properties }: XzFilter, offset: number) {
  const filter = branchFilters.get(id);
  if (filter === undefined) throw unsupported('xz', offset, `filter ${id}`);
  if (properties.length !== 0 && properties.length !== 4) {
    throw damaged('xz', offset, `filter ${filter.name} with ${properties.length} bytes of options`);
  }
  const start = properties.length === 0 ? 0 : Buffer.from(properties).readUInt32LE();
  if (start % filter.alignment !== 0) {
    throw damaged('xz', offset, `filter ${filter.name} starts at ${start}`);
  }
  return { undo: filter.undo, start };
}
