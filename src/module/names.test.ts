import { describe, expect, it } from 'vitest';
import { isName, nameOf } from './names.js';

const read = (text: string): string => {
  const bytes = Buffer.from(`<${text}>`, 'latin1');
  return nameOf(bytes, 1, bytes.length - 1);
};

describe('nameOf', () => {
  it.each([0, 1, 63, 64, 65, 1024])('gives a name of %i bytes, again and again', (length) => {
    const name = 'n'.repeat(length);
    expect([read(name), read(`${name.slice(1)}x`), read(name)]).toEqual([
      name,
      `${name.slice(1)}x`,
      name,
    ]);
  });

  it('makes one character of each byte', () => {
    const bytes = Uint8Array.from({ length: 255 }, (_, i) => i + 1);
    const name = nameOf(bytes, 0, 255);
    expect(Array.from(name, (character) => character.charCodeAt(0))).toEqual([...bytes]);
    const parts = [...bytes].map((_, i) => nameOf(bytes, i, i + 1));
    expect(parts.join('')).toBe(name);
  });

  it('gives a name that stays when its bytes change', () => {
    const bytes = Buffer.from('before');
    const name = nameOf(bytes, 0, 6);
    bytes.write('after!');
    expect([name, nameOf(bytes, 0, 6), read('before')]).toEqual(['before', 'after!', 'before']);
  });
});

describe('isName', () => {
  it.each([
    ['name', 1, 5, true],
    ['name', 0, 4, false],
    ['nam', 1, 5, false],
    ['namen', 1, 5, false],
    ['nama', 1, 5, false],
    ['', 2, 2, true],
    ['e', 4, 9, false],
  ])('compares %j with the bytes from %i to %i: %s', (name, start, end, expected) => {
    expect(isName(name, Buffer.from('<name>'), start, end)).toBe(expected);
  });

  it('does not read beyond the bytes', () => {
    expect(isName('name', Buffer.from('na'), 0, 4)).toBe(false);
  });

  it('compares bytes, not letters', () => {
    expect(isName('é', Buffer.from('é', 'utf8'), 0, 2)).toBe(false);
    expect(isName('é', Buffer.from('é', 'latin1'), 0, 1)).toBe(true);
  });
});
