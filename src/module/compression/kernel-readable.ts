import { KbuildError } from '../../errors/kbuild-error.js';
import { detectCompression, type Compression } from './detect.js';
import { gzipDataOffset, gzipFlags } from './gzip.js';
import { branchFilters } from './xz/bcj.js';
import { readXzBlock } from './xz/block-header.js';
import { xzChecks } from './xz/check.js';
import { dictionarySize, readDictionary } from './xz/dictionary.js';
import { readXzStreams } from './xz/streams.js';
import { readZstdFrames, zstdWindowLimit } from './zstd-frames.js';

/** What the kernel's own decompressor would say of a module file. */
export interface KernelReadability {
  format: Compression;
  /** Why it could not read the file, or not all of it. */
  problem?: string;
  /** What the kernel's configuration must have besides the decompressor itself, for example
   * `CONFIG_XZ_DEC_X86`. */
  needs: readonly string[];
}

/**
 * Whether the kernel could decompress a module itself, as it does where it has
 * CONFIG_MODULE_DECOMPRESS (5.17 and later; zstd came after 6.1) and finit_module gets the compressed file.
 * Reads headers only (kernel/module/decompress.c, lib/xz, lib/zstd). It has one decompressor: the one
 * of CONFIG_MODULE_COMPRESS_GZIP, _XZ or _ZSTD. kmod, which decompresses otherwise, reads more.
 * Of gzip, a second member is not noticed: it takes decompressing to find one.
 * A damaged file has a problem too; that the headers are right does not say that the data are.
 */
export function kernelReadable(bytes: Uint8Array): KernelReadability {
  const format = detectCompression(bytes);
  try {
    return { format, needs: [], ...judges[format](bytes) };
  } catch (error) {
    if (error instanceof KbuildError) return { format, problem: error.message, needs: [] };
    throw error;
  }
}

type Judgement = Omit<KernelReadability, 'format' | 'needs'> & { needs?: readonly string[] };

const judges: Record<Compression, (bytes: Uint8Array) => Judgement> = {
  none: () => ({}),
  gzip: judgeGzip,
  xz: judgeXz,
  zstd: judgeZstd,
};

/** module_gzip_header_len passes over the name; whatever else is optional it takes for data. */
function judgeGzip(bytes: Uint8Array): Judgement {
  gzipDataOffset(bytes, 0);
  const flags = bytes[3] ?? 0;
  const { extra, comment, headerCrc } = gzipFlags;
  const found = [
    (flags & extra) === 0 ? [] : ['an extra field'],
    (flags & comment) === 0 ? [] : ['a comment'],
    (flags & headerCrc) === 0 ? [] : ['a checksum of its own'],
  ].flat();
  if (found.length === 0) return {};
  return { problem: `its gzip header has ${found.join(', ')}: the kernel knows only a name there` };
}

/** xz_dec_init(XZ_DYNALLOC, -1): one stream, no check or CRC32, LZMA2 and the filters built in. */
function judgeXz(bytes: Uint8Array): Judgement {
  const [stream, ...others] = readXzStreams(bytes);
  if (others.length > 0) return { problem: 'the kernel reads only the first of its xz streams' };
  const check = xzChecks.get(stream?.check ?? 0);
  if (check === undefined || (check.name !== 'none' && check.name !== 'crc32')) {
    return { problem: `its xz check is ${check?.name ?? 'unknown'}: the kernel has only crc32` };
  }
  const needs = new Set<string>();
  for (const block of stream?.blocks ?? []) {
    const { filters } = readXzBlock(bytes, block, check.size);
    const dictionary = dictionarySize(readDictionary(filters.at(-1), block.offset));
    if (dictionary > xzDictionaryLimit) {
      return { problem: `its xz dictionary takes the kernel ${dictionary} bytes of memory` };
    }
    for (const { id } of filters.slice(0, -1)) {
      const filter = branchFilters.get(id);
      if (filter === undefined) return { problem: `it went through xz filter ${id}` };
      needs.add(filter.config);
    }
  }
  return { needs: [...needs] };
}

/** The dictionary of `xz -9`, in bytes; modules_install takes 1 or 2 MiB. */
const xzDictionaryLimit = 2 ** 26;

/** module_zstd_decompress stops at the end of the first frame. */
function judgeZstd(bytes: Uint8Array): Judgement {
  const [frame, ...others] = readZstdFrames(bytes);
  if (others.length > 0) return { problem: 'the kernel reads only the first of its zstd frames' };
  if (frame !== undefined && frame.windowSize > zstdWindowLimit) {
    return { problem: `its zstd window of ${frame.windowSize} bytes is beyond ${zstdWindowLimit}` };
  }
  return {};
}
