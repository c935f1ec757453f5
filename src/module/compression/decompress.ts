import { setImmediate } from 'node:timers/promises';
import { detectCompression } from './detect.js';
import { gunzip } from './gzip.js';

/**
 * Where decompression stops unless told otherwise, in bytes. The largest modules, GPU drivers with
 * full debug information, have somewhat less.
 */
export const decompressionLimit = 512 * 2 ** 20;

export interface DecompressOptions {
  /** How many bytes may come out; at most 1 GiB. Default: `decompressionLimit`. */
  limit?: number;
}

/**
 * The uncompressed bytes of a module file: of `.ko.gz`, `.ko.xz` and `.ko.zst`, told by their magic
 * numbers. Anything else comes back as it is. The checksums of the formats are verified; bytes after
 * the end that the format does not allow are an error. zstd without a checksum and xz with
 * `--check=none` have nothing to verify the content with: what follows from the format is checked.
 * @throws KbuildError MODULE_COMPRESSION, with the offset into the file; MODULE_TOO_LARGE
 */
export async function decompressModule(
  bytes: Uint8Array,
  options: DecompressOptions = {},
): Promise<Uint8Array> {
  // More would not fit into the memory that the WebAssembly decoders can have.
  const limit = Math.min(options.limit ?? decompressionLimit, 2 ** 30);
  switch (detectCompression(bytes)) {
    case 'none':
      return bytes;
    case 'gzip':
      try {
        return gunzip(bytes, limit);
      } catch (error) {
        // node:zlib frees what it held for damaged data only when the event loop turns; a caller who
        // reads many files in a row might never let it.
        await setImmediate();
        throw error;
      }
    // Loaded when needed: the decoders cost some 30 ms.
    case 'xz':
      return (await import('./xz/unxz.js')).unxz(bytes, limit);
    case 'zstd':
      return (await import('./unzstd.js')).unzstd(bytes, limit);
  }
}
