import { describe, expect, it } from 'vitest';
import { kbuildErrorOf } from '../../test/support/kbuild-error-of.js';
import { ByteReader, decode, readRange, sourceOf } from './bytes.js';

const bytes = Uint8Array.of(0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09);

describe('ByteReader', () => {
  it('reads integers of either byte order', () => {
    const little = new ByteReader(bytes, true, true);
    const big = new ByteReader(bytes, false, true);
    expect([little.u8(1), little.u16(1), little.u32(1)]).toEqual([2, 0x0302, 0x05040302]);
    expect([big.u8(1), big.u16(1), big.u32(1)]).toEqual([2, 0x0203, 0x02030405]);
  });

  it('reads an address of the class exactly', () => {
    const kernels = Buffer.from('ffffffff81003a2f', 'hex');
    expect(new ByteReader(kernels, false, true).address(0)).toBe(0xffffffff81003a2fn);
    expect(new ByteReader(kernels.reverse(), true, true).address(0)).toBe(0xffffffff81003a2fn);
    expect(new ByteReader(bytes, false, false).address(0)).toBe(0x01020304n);
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
    ['an address across the end', (r: ByteReader) => r.address(2)],
    ['a signed number across the end', (r: ByteReader) => r.signed(2)],
    ['an offset beyond what a file can have', (r: ByteReader) => r.u8(2 ** 63)],
    ['an offset that is no number', (r: ByteReader) => r.u8(NaN)],
    ['a name after the end', (r: ByteReader) => r.name(10)],
  ])('refuses %s as truncated', async (_, read) => {
    const error = await kbuildErrorOf(() => read(new ByteReader(bytes, true, true)));
    expect(error.code).toBe('MODULE_TRUNCATED');
    expect(error.message).toMatch(/beyond its end \(9\)/);
  });

  it('takes the last byte', () => {
    expect(new ByteReader(bytes, true, true).u8(8)).toBe(9);
  });

  it('says where in its file a piece ends', async () => {
    const piece = new ByteReader(bytes, true, true, 1000);
    const error = await kbuildErrorOf(() => piece.u32(7));
    expect(error.message).toContain('4 bytes at offset 1007 lie beyond its end (1009)');
  });

  it.each([
    [true, 'fbffffffffffffff', -5],
    [false, 'fffffffffffffffb', -5],
    [true, '0500000000000000', 5],
  ])('reads a signed number of the class (little-endian: %s, %s)', (little, hex, value) => {
    const long = Buffer.from(hex, 'hex');
    expect(new ByteReader(long, little, true).signed(0)).toBe(value);
    const half = little ? long.subarray(0, 4) : long.subarray(4);
    expect(new ByteReader(half, little, false).signed(0)).toBe(value);
  });

  it('ends a name at NUL, at its limit, or at the end of the file', () => {
    const reader = new ByteReader(Buffer.from('ab\0cde\0ef'), true, true);
    expect(reader.name(0)).toBe('ab');
    expect(reader.name(3)).toBe('cde');
    expect(reader.name(3, 4)).toBe('c');
    expect(reader.name(7)).toBe('ef');
    expect(reader.name(9)).toBe('');
  });

  it('keeps every byte of a name apart, whether it is UTF-8 or not', () => {
    const reader = new ByteReader(Buffer.from('c3a900ff00fe', 'hex'), true, true);
    expect([reader.name(0), reader.name(3), reader.name(5)]).toEqual(['Ã©', 'ÿ', 'þ']);
  });

  it('takes a name of 1024 bytes and refuses a longer one, which no kernel has', async () => {
    const long = Buffer.alloc(3000, 'x');
    expect(new ByteReader(long.subarray(0, 1024), true, true).name(0)).toHaveLength(1024);
    const error = await kbuildErrorOf(() => new ByteReader(long, true, true, 40).name(2));
    expect(error.code).toBe('MODULE_MALFORMED');
    expect(error.message).toContain('offset 42');
  });

  it.each([
    ['abc', 0, 8, true],
    ['ab', 0, 8, false],
    ['abcd', 0, 8, false],
    ['abd', 0, 8, false],
    ['d', 4, 8, true],
    ['abc', 0, 3, false],
    ['ef', 6, 8, false],
    ['', 3, 8, true],
  ])('tells whether %j stands at %i, before %i: %s', (name, offset, limit, expected) => {
    const reader = new ByteReader(Buffer.from('abc\0d\0ef'), true, true);
    expect(reader.holdsName(name, offset, limit)).toBe(expected);
  });
});

describe('readRange', () => {
  const source = sourceOf(bytes);

  it('gives the bytes of a range, up to the last', () => {
    expect(readRange(source, 0, 9)).toEqual(bytes);
    expect(readRange(source, 8, 1)).toEqual(Uint8Array.of(9));
    expect(readRange(source, 9, 0)).toHaveLength(0);
  });

  it.each([
    [5, 5],
    [10, 0],
    [-1, 2],
    [2, -1],
    [2 ** 63, 2 ** 63],
    [0, NaN],
  ])('refuses %d with %d bytes as truncated', async (offset, length) => {
    const error = await kbuildErrorOf(() => readRange(source, offset, length));
    expect(error.code).toBe('MODULE_TRUNCATED');
  });

  it('never asks a source for what it does not have', async () => {
    const asked: number[][] = [];
    const counting = { size: 4, read: (...range: number[]) => (asked.push(range), bytes) };
    await kbuildErrorOf(() => readRange(counting, 3, 2));
    expect(asked).toEqual([]);
    readRange(counting, 3, 1);
    expect(asked).toEqual([[3, 1]]);
  });
});

describe('sourceOf', () => {
  it('leaves a source what it is', () => {
    const source = sourceOf(bytes);
    expect(sourceOf(source)).toBe(source);
  });
});
