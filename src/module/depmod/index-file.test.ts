import { describe, expect, it } from 'vitest';
import { writeIndex } from './index-file.js';

describe('writeIndex', () => {
  // What depmod itself writes is held against ours in depmod-texts.test.ts.
  it('leaves out what is not ASCII', () => {
    const ascii = { key: 'a', value: 'b', priority: 1 };
    const others = [
      { key: 'ä', value: 'b', priority: 0 },
      { key: 'a', value: 'ß', priority: 0 },
    ];
    expect(writeIndex([...others, ascii])).toEqual(writeIndex([ascii]));
  });

  it('has nothing but a header and the offset behind it without entries', () => {
    expect(Buffer.from(writeIndex([])).toString('hex')).toBe('b007f457000200010000000c');
  });

  it('writes keys that each begin with the one before', () => {
    const keys = Array.from({ length: 4095 }, (_, i) => 'a'.repeat(i + 1));
    const index = writeIndex(keys.map((key) => ({ key, value: '', priority: 0 })));
    expect(index.length).toBeGreaterThan(4095 * 10);
  });
});
