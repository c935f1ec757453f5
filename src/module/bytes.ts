import { KbuildError } from '../errors/kbuild-error.js';

/** Reads integers of either byte order and, as `word`, of the file's word size; checks bounds. */
export class ByteReader {
  readonly #view: DataView;

  constructor(
    readonly bytes: Uint8Array,
    readonly littleEndian: boolean,
    readonly is64: boolean,
  ) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  #check(offset: number, size: number): void {
    if (offset < 0 || !(offset + size <= this.bytes.length)) {
      throw new KbuildError(
        'MODULE_TRUNCATED',
        `truncated file: ${size} bytes at offset ${offset} lie beyond its end (${this.bytes.length})`,
        'Build or copy the module again.',
      );
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

  /** An Elf_Addr, Elf_Off or `unsigned long` of the file's class. */
  word(offset: number): number {
    if (!this.is64) return this.u32(offset);
    this.#check(offset, 8);
    return Number(this.#view.getBigUint64(offset, this.littleEndian));
  }

  slice(offset: number, size: number): Uint8Array {
    this.#check(offset, size);
    return this.bytes.subarray(offset, offset + size);
  }

  /** The NUL-terminated string at an offset; UTF-8. */
  string(offset: number, limit = this.bytes.length): string {
    this.#check(offset, 0);
    const end = this.bytes.indexOf(0, offset);
    return decode(this.bytes.subarray(offset, end === -1 || end > limit ? limit : end));
  }
}

export function decode(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}
