import { createGunzip } from 'node:zlib';
import { KbuildError } from '../../errors/kbuild-error.js';
import { decompressModule } from '../../module/compression/decompress.js';
import { detectCompression } from '../../module/compression/detect.js';
import { Refusal } from './refusal.js';

const chunkSize = 2 ** 20;

/**
 * The bytes of a compressed file, told by its content, in parts. What it was compressed by is
 * verified by the checksums of its format.
 * @param limit how many bytes may come out
 * @throws Refusal
 */
export async function* decompressed(
  bytes: Uint8Array,
  limit: number,
): AsyncGenerator<Buffer, void, undefined> {
  let total = 0;
  for await (const chunk of partsOf(bytes, limit)) {
    total += chunk.length;
    if (total > limit) throw tooLarge(limit);
    yield chunk;
  }
}

function partsOf(bytes: Uint8Array, limit: number): AsyncIterable<Buffer> | Iterable<Buffer> {
  switch (detectCompression(bytes)) {
    case 'none':
      return slices(bytes);
    case 'gzip':
      return gunzipped(bytes);
    case 'xz':
    case 'zstd':
      return decodedWhole(bytes, limit);
  }
}

/** As a stream: a bomb is stopped before it fills the memory. */
async function* gunzipped(bytes: Uint8Array): AsyncGenerator<Buffer> {
  const gunzip = createGunzip({ chunkSize });
  gunzip.end(bytes);
  try {
    for await (const chunk of gunzip) yield chunk as Buffer;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code?.startsWith('Z_') !== true) throw cause;
    throw new Refusal(`damaged gzip data: ${(cause as Error).message}`, undefined, { cause });
  } finally {
    gunzip.destroy();
  }
}

/** These formats say how much comes out before it does, and their decoders hold to the limit. */
async function* decodedWhole(bytes: Uint8Array, limit: number): AsyncGenerator<Buffer> {
  let content: Uint8Array;
  try {
    content = await decompressModule(bytes, { limit });
  } catch (cause) {
    if (!(cause instanceof KbuildError)) throw cause;
    if (cause.code === 'MODULE_TOO_LARGE') throw tooLarge(limit);
    throw new Refusal(cause.message, undefined, { cause });
  }
  yield* slices(content);
}

function* slices(bytes: Uint8Array): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += chunkSize) {
    const size = Math.min(chunkSize, bytes.length - at);
    yield Buffer.from(bytes.buffer, bytes.byteOffset + at, size);
  }
}

export function tooLarge(limit: number): Refusal {
  return new Refusal(
    `more than ${limit} bytes would come out of it`,
    'No driver is that large. If you trust it, unpack it yourself and name the directory.',
  );
}
