import { damaged } from '../failure.js';
import type { XzFilter } from './block-header.js';

const lzma2Filter = 0x21;

/** The size in bytes of a dictionary by its encoding, 0 to 40 (section 5.3.1 of the xz format). */
export function dictionarySize(code: number): number {
  return code === 40 ? 2 ** 32 - 1 : (2 + (code % 2)) * 2 ** (11 + Math.floor(code / 2));
}

/** The encoded size of the dictionary of the LZMA2 filter, which must be the last. */
export function readDictionary(filter: XzFilter | undefined, offset: number): number {
  const [code = NaN] = filter?.properties ?? [];
  if (filter?.id !== lzma2Filter || filter.properties.length !== 1 || !(code <= 40)) {
    throw damaged('xz', offset, 'the last filter is no LZMA2');
  }
  return code;
}
