import { crc32 } from 'node:zlib';
import xzDecompress from 'xz-decompress';
import { damaged, unsupported } from '../failure.js';
import { dictionarySize } from './dictionary.js';
import { padded } from './fields.js';

/** The largest dictionary that the decoder below is built for, as the format encodes it: 64 MiB. */
const largestDictionary = 28;

/**
 * Decompresses raw LZMA2 data of known size.
 *
 * The decoder is xz-decompress: XZ Embedded, which the kernel has too, in 13 kB of WebAssembly,
 * without a native part. It knows neither the BCJ filters (x86 kernel images have one) nor
 * SHA-256, nor large dictionaries; so it gets the data alone, as a stream of one block without a
 * check, and the dictionary no larger than the content. What it gives is checked by the caller.
 * @throws KbuildError MODULE_COMPRESSION, with `offset`, where the data lie in the file
 */
export async function decodeLzma2(
  data: Uint8Array,
  dictionary: number,
  size: number,
  offset: number,
): Promise<Uint8Array> {
  let code = 0;
  while (code < dictionary && dictionarySize(code) < size) code++;
  if (code > largestDictionary) {
    throw unsupported('xz', offset, `a dictionary of ${dictionarySize(dictionary)} bytes`);
  }
  const content = new Uint8Array(size);
  let at = 0;
  try {
    const stream = new xzDecompress.XzReadableStream(streamOf(streamAround(data, code, size)));
    // Leaving the loop early cancels the stream, which frees the decoder for others.
    for await (const chunk of stream) {
      if (chunk.length > size - at) break;
      content.set(chunk, at);
      at += chunk.length;
    }
  } catch (error) {
    throw damaged('xz', offset, 'the LZMA2 data are wrong', error);
  }
  if (at !== size) throw damaged('xz', offset, `the block does not give its ${size} bytes`);
  return content;
}

function streamOf(parts: readonly Uint8Array[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      for (const part of parts) controller.enqueue(part);
      controller.close();
    },
  });
}

/** An xz stream of one block, in parts: the least around the data that makes them a stream. */
function streamAround(data: Uint8Array, dictionary: number, size: number): Uint8Array[] {
  const flags = Buffer.alloc(2);
  const blockHeader = Buffer.of(2, 0, 0x21, 1, dictionary, 0, 0, 0);
  const unpaddedSize = blockHeader.length + 4 + data.length;
  const records = Buffer.of(0, 1, ...variableLength(unpaddedSize), ...variableLength(size));
  const index = Buffer.concat([records, Buffer.alloc(padded(records.length) - records.length)]);
  const backward = uint32(index.length / 4);
  const footer = Buffer.concat([backward, flags]);
  return [
    Buffer.from('fd377a585a00', 'hex'),
    ...[flags, uint32(crc32(flags))],
    ...[blockHeader, uint32(crc32(blockHeader))],
    ...[data, Buffer.alloc(padded(data.length) - data.length)],
    ...[index, uint32(crc32(index))],
    ...[uint32(crc32(footer)), footer, Buffer.from('YZ')],
  ].filter(({ length }) => length > 0);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function variableLength(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) + 128, ...variableLength(Math.floor(value / 128))];
}
