import { describe, expect, it } from 'vitest';
import { plainStyle, visibleStyle } from '../../../test/support/styles.js';
import { xterm } from '../../../test/support/terminal.js';
import { drawRow, shortened, widthOf } from './row.js';

describe('widthOf', () => {
  it.each(['plain', 'ümläut ß', '✔ tick', '⠋ spinner', '‘quoted’', '日本語', 'a…b', '😀'])(
    'of %s is never less than what a terminal takes',
    async (text) => {
      const terminal = xterm({ columns: 40, rows: 3 });
      await terminal.write(`${text}|`);
      const column = terminal.cursor().x - 1;
      expect(widthOf(text)).toBeGreaterThanOrEqual(column);
      expect(widthOf(text)).toBeLessThanOrEqual(2 * column);
    },
  );
});

describe('shortened', () => {
  it.each([
    ['short', 10, 'short'],
    ['exactly', 7, 'exactly'],
    ['too long', 7, 'too l…'],
    ['日本語日本語', 8, '日本語…'],
    ['long', 2, '…'],
    ['long', 1, ''],
    ['long', 0, ''],
    ['', 0, ''],
  ])('gives of %j in %i columns %j', (text, columns, expected) => {
    expect(shortened(text, columns)).toBe(expected);
    expect(widthOf(shortened(text, columns))).toBeLessThanOrEqual(Math.max(0, columns));
  });
});

describe('drawRow', () => {
  const row = [
    { text: '* ', format: 'red' as const },
    { text: 'a-long-title', elastic: true },
    { text: ': built (1.2 s)' },
  ];

  it('paints each piece', () => {
    expect(drawRow(row, 80, visibleStyle)).toBe('<red:* >a-long-title: built (1.2 s)');
  });

  it('shortens what may be shortened, and then the rest from its end', () => {
    expect(drawRow(row, 25, plainStyle)).toBe('* a-long…: built (1.2 s)');
    expect(drawRow(row, 12, plainStyle)).toBe('* : built …');
    expect(drawRow(row, 0, plainStyle)).toBe('');
  });

  it('is one row, and moves no cursor', () => {
    const hostile = [{ text: 'a\nb\tc\x1b[2J\x1b[33;44H\x07d' }];
    expect(drawRow(hostile, 80, plainStyle)).toBe('a b cd');
  });
});
