import { KbuildError } from '../../errors/kbuild-error.js';
import type { Compression } from './detect.js';

/**
 * How many gzip members, xz blocks or zstd frames one file may have. A module is one of them, and
 * a parallel compressor's file some hundreds; a file of millions of empty ones would keep us busy
 * for minutes.
 */
export const maximumParts = 10_000;

/** What a damaged file is reported as. The offset is into the compressed file. */
export function damaged(
  format: Compression,
  offset: number,
  why: string,
  cause?: unknown,
): KbuildError {
  return new KbuildError(
    'MODULE_COMPRESSION',
    `damaged ${format} data at offset ${offset}: ${why}`,
    'Copy or compress the file again, from its uncompressed bytes.',
    { cause },
  );
}

/** What is well-formed and cannot be decompressed here. */
export function unsupported(format: Compression, offset: number, what: string): KbuildError {
  return new KbuildError(
    'MODULE_COMPRESSION',
    `unsupported ${format} data at offset ${offset}: ${what}`,
    `Compress it as modules_install does, or decompress it with the ${format} program.`,
  );
}

/** What stops a decompression bomb. */
export function tooLarge(format: Compression, limit: number, why: string): KbuildError {
  return new KbuildError(
    'MODULE_TOO_LARGE',
    `the ${format} data decompress to more than ${limit} bytes: ${why}`,
    'No module is that large. Decompress the file yourself if you trust where it comes from.',
  );
}

/** Joins the parts of a file; a single one is not copied. */
export function joined(parts: readonly Uint8Array[]): Uint8Array {
  const [first] = parts;
  return parts.length === 1 && first !== undefined ? first : Buffer.concat(parts);
}
