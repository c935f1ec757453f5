import { crc32 } from 'node:zlib';
import { damaged } from '../failure.js';

/** The next multiple of four: what all parts of the xz format are padded to. */
export const padded = (size: number): number => Math.ceil(size / 4) * 4;

/** Reads the fields of an xz file one after another, from one offset up to another. */
export class FieldReader {
  constructor(
    readonly bytes: Uint8Array,
    public at: number,
    readonly end: number,
  ) {}

  byte(): number {
    const byte = this.at < this.end ? this.bytes[this.at] : undefined;
    if (byte === undefined) throw damaged('xz', this.at, 'a field is cut off');
    this.at++;
    return byte;
  }

  take(size: number): Uint8Array {
    if (size > this.end - this.at) throw damaged('xz', this.at, 'a field is cut off');
    this.at += size;
    return this.bytes.subarray(this.at - size, this.at);
  }

  /** A number of variable length (section 1.2 of the format): 7 bits in each byte. */
  number(): number {
    const start = this.at;
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (value > Number.MAX_SAFE_INTEGER) throw damaged('xz', start, 'a number is too large');
      if (byte < 0x80) {
        if (byte === 0 && scale > 1) throw damaged('xz', start, 'a number has needless bytes');
        return value;
      }
    }
  }

  /** Everything that is left, which must be zeros. */
  padding(): void {
    while (this.at < this.end) {
      if (this.byte() !== 0) throw damaged('xz', this.at - 1, 'padding that is not zero');
    }
  }
}

/** @throws KbuildError MODULE_COMPRESSION unless the CRC32 of a range stands at an offset */
export function checkCrc32(
  bytes: Uint8Array,
  from: number,
  to: number,
  at: number,
  of: string,
): void {
  const expected = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).readUInt32LE(at);
  if (crc32(bytes.subarray(from, to)) !== expected) {
    throw damaged('xz', at, `the CRC32 of ${of} does not match`);
  }
}
