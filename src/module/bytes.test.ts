import { describe, expect, it } from 'vitest';
import { kbuildErrorOf } from '../../test/support/kbuild-error-of.js';
import { ByteReader, decode } from './bytes.js';

const bytes = Uint8Array.of(0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09);

describe('ByteReader', () => {
  it('reads integers of either byte order', () => {
    const little = new ByteReader(bytes, true, true);
    const big = new ByteReader(bytes, false, true);
    expect([little.u8(1), little.u16(1), little.u32(1)]).toEqual([2, 0x0302, 0x05040302]);
    expect([big.u8(1), big.u16(1), big.u32(1)]).toEqual([2, 0x0203, 0x02030405]);
  });

  it('reads a word in the size of the class', () => {
    expect(new ByteReader(bytes, false, true).word(0)).toBe(0x0102030405060708);
    expect(new ByteReader(bytes, false, false).word(0)).toBe(0x01020304);
    expect(new ByteReader(bytes, true, false).word(4)).toBe(0x08070605);
  });

  it('reads from where a view begins, not from the start of its buffer', () => {
    expect(new ByteReader(bytes.subarray(4), false, true).u16(0)).toBe(0x0506);
    expect(decode(new TextEncoder().encode('xhello').subarray(1))).toBe('hello');
  });

  it.each([
    ['an integer across the end', (r: ByteReader) => r.u32(6)],
    ['a byte after the end', (r: ByteReader) => r.u8(9)],
    ['a word across the end', (r: ByteReader) => r.word(2)],
    ['a negative offset', (r: ByteReader) => r.u16(-1)],
    ['a slice across the end', (r: ByteReader) => r.slice(5, 5)],
    ['an offset beyond what a file can have', (r: ByteReader) => r.slice(2 ** 63, 2 ** 63)],
    ['a string after the end', (r: ByteReader) => r.string(10)],
  ])('refuses %s as truncated', async (_, read) => {
    const error = await kbuildErrorOf(() => read(new ByteReader(bytes, true, true)));
    expect(error.code).toBe('MODULE_TRUNCATED');
    expect(error.message).toMatch(/beyond its end \(9\)/);
  });

  it('takes the last byte and nothing after it', () => {
    const reader = new ByteReader(bytes, true, true);
    expect(reader.u8(8)).toBe(9);
    expect(reader.slice(0, 9)).toEqual(bytes);
    expect(reader.slice(9, 0)).toHaveLength(0);
  });

  it('ends a string at NUL, at its limit, or at the end of the file', () => {
    const reader = new ByteReader(Buffer.from('ab\0cdé\0ef'), true, true);
    expect(reader.string(0)).toBe('ab');
    expect(reader.string(3)).toBe('cdé');
    expect(reader.string(3, 4)).toBe('c');
    expect(reader.string(8)).toBe('ef');
  });
});
