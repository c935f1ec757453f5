import { describe, expect, it } from 'vitest';
import { taintFlags, taintLetters, taintsIn } from './taint-flags.js';

describe('taintsIn', () => {
  it('knows the bits by their numbers (Documentation/admin-guide/tainted-kernels.rst)', () => {
    // Its table, as of Linux 6.12: the numbers that it gives to the letters.
    const table: [number, string][] = [
      [1, 'P'],
      [2, 'F'],
      [4, 'S'],
      [8, 'R'],
      [16, 'M'],
      [32, 'B'],
      [64, 'U'],
      [128, 'D'],
      [256, 'A'],
      [512, 'W'],
      [1024, 'C'],
      [2048, 'I'],
      [4096, 'O'],
      [8192, 'E'],
      [16384, 'L'],
      [32768, 'K'],
      [65536, 'X'],
      [131072, 'T'],
      [262144, 'N'],
    ];
    for (const [value, letter] of table) expect(taintLetters(value)).toBe(letter);
    expect(new Set(taintFlags.map(({ letter }) => letter)).size).toBe(taintFlags.length);
  });

  it('tells several, none, and what it does not know', () => {
    expect(taintLetters(4096 + 8192)).toBe('OE');
    expect(taintLetters(0)).toBe('');
    expect(taintsIn(2 ** 40)).toEqual([{ letter: 'bit 40', meaning: 'a flag that is not known' }]);
  });
});
