import { KbuildError } from '../errors/kbuild-error.js';
import { isName, nameOf } from './names.js';

/** Random access to a file's bytes, wherever they lie: in memory, or in a file that is read in pieces. */
export interface ByteSource {
  /** Bytes. */
  readonly size: number;
  /** The bytes of a range that lies within the size. Nobody changes them. */
  read(offset: number, length: number): Uint8Array;
}

/** Bytes in memory as a source; a source stays what it is. */
export function sourceOf(input: Uint8Array | ByteSource): ByteSource {
  if (!(input instanceof Uint8Array)) return input;
  return {
    size: input.length,
    read: (offset, length) => input.subarray(offset, offset + length),
  };
}

/**
 * A range of a source.
 * @throws KbuildError MODULE_TRUNCATED if it does not lie within it
 */
export function readRange(source: ByteSource, offset: number, length: number): Uint8Array {
  if (offset < 0 || length < 0 || !(offset + length <= source.size)) {
    throw truncated(offset, length, source.size);
  }
  return source.read(offset, length);
}

/** Reads integers of either byte order and, as `word`, of the file's word size; checks bounds. */
export class ByteReader {
  readonly #view: DataView;

  /** @param base where the bytes lie in their file, for what errors say */
  constructor(
    readonly bytes: Uint8Array,
    readonly littleEndian: boolean,
    readonly is64: boolean,
    readonly base = 0,
  ) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get length(): number {
    return this.bytes.length;
  }

  #check(offset: number, size: number): void {
    if (offset < 0 || !(offset + size <= this.bytes.length)) {
      throw truncated(this.base + offset, size, this.base + this.bytes.length);
    }
  }

  u8(offset: number): number {
    this.#check(offset, 1);
    return this.#view.getUint8(offset);
  }

  u16(offset: number): number {
    this.#check(offset, 2);
    return this.#view.getUint16(offset, this.littleEndian);
  }

  u32(offset: number): number {
    this.#check(offset, 4);
    return this.#view.getUint32(offset, this.littleEndian);
  }

  /** An Elf_Addr, Elf_Off or `unsigned long` of the file's class; exact below 2^53. */
  word(offset: number): number {
    if (!this.is64) return this.u32(offset);
    this.#check(offset, 8);
    const [low, high] = this.littleEndian ? [offset, offset + 4] : [offset + 4, offset];
    const upper = this.#view.getUint32(high, this.littleEndian);
    return upper * 2 ** 32 + this.#view.getUint32(low, this.littleEndian);
  }

  /** As `word`, exact whatever it is: where a kernel is linked to lies beyond 2^53. */
  address(offset: number): bigint {
    if (!this.is64) return BigInt(this.u32(offset));
    this.#check(offset, 8);
    return this.#view.getBigUint64(offset, this.littleEndian);
  }

  /** A signed `long` of the file's class; exact within 2^53. */
  signed(offset: number): number {
    if (!this.is64) return this.u32(offset) | 0;
    this.#check(offset, 8);
    return Number(this.#view.getBigInt64(offset, this.littleEndian));
  }

  /**
   * The NUL-terminated string at an offset. Its bytes become characters one by one (Latin-1), so
   * that two names are the same only if their bytes are, as for the kernel.
   * @param limit where it ends if no NUL comes first
   * @throws KbuildError MODULE_MALFORMED for one of more than 1024 bytes: KSYM_NAME_LEN is 512
   */
  name(offset: number, limit = this.bytes.length): string {
    this.#check(offset, 0);
    const { bytes } = this;
    const bound = Math.min(limit, bytes.length, offset + maxNameLength + 1);
    let end = offset;
    while (end < bound && bytes[end] !== 0) end++;
    if (end - offset > maxNameLength) {
      const where = this.base + offset;
      throw malformed(`the name at offset ${where} is longer than ${maxNameLength} bytes`);
    }
    return nameOf(bytes, offset, end);
  }

  /** Whether the bytes at an offset begin with a text. */
  startsWith(text: string, offset: number): boolean {
    return isName(text, this.bytes, offset, offset + text.length);
  }

  /** Whether the NUL-terminated string at an offset is a name, without making it a string. */
  holdsName(name: string, offset: number, limit: number): boolean {
    const { bytes } = this;
    const end = offset + name.length;
    return end < limit && bytes[end] === 0 && isName(name, bytes, offset, end);
  }
}

const maxNameLength = 1024;

/** Bytes as UTF-8 text. */
export function decode(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}

/** The error of a file that breaks its format's rules. */
export function malformed(what: string): KbuildError {
  return new KbuildError(
    'MODULE_MALFORMED',
    `malformed module: ${what}`,
    'Build or copy the module again.',
  );
}

function truncated(offset: number, size: number, end: number): KbuildError {
  return new KbuildError(
    'MODULE_TRUNCATED',
    `truncated file: ${size} bytes at offset ${offset} lie beyond its end (${end})`,
    'Build or copy the module again.',
  );
}
