import { describe, expect, it } from 'vitest';
import { readHeader, writeHeader, type HeaderEntry } from './header.js';

const entry = (tag: number, type: number, count: number, data: Buffer): HeaderEntry => ({
  ...{ tag, type, count, data },
});

/** A digest, a number that is aligned, texts. What rpm itself reads is test/e2e/rpm-packages.test.ts. */
const entries = [
  entry(269, 6, 1, Buffer.from('abcd\0')),
  entry(1000, 4, 1, Buffer.from([0, 0, 1, 2])),
  entry(1100, 8, 2, Buffer.from('one\0two\0')),
  entry(1200, 5, 1, Buffer.alloc(8, 7)),
];

describe('headers of rpms', () => {
  it('are read as they are written, in the order of their tags', () => {
    const bytes = writeHeader([...entries].reverse(), 62);
    expect(readHeader(bytes, 0, 62)).toEqual({ entries, size: bytes.length });
  });

  it('align numbers', () => {
    const bytes = writeHeader(entries, 62);
    const offsets = entries.map((_, i) => bytes.readUInt32BE(16 + (i + 1) * 16 + 8));
    expect(offsets).toEqual([0, 8, 12, 24]);
  });

  it('are refused when they are cut off anywhere, or are none', () => {
    const bytes = writeHeader(entries, 62);
    for (let length = 0; length < bytes.length; length++) {
      expect(() => readHeader(bytes.subarray(0, length), 0, 62)).toThrow();
    }
    expect(() => readHeader(Buffer.alloc(64), 0, 62)).toThrow('it has no header');
    expect(() => readHeader(bytes.fill(0xff, 8, 16), 0, 62)).toThrow('its header is cut off');
  });
});
