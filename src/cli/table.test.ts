import { describe, expect, it } from 'vitest';
import { plainStyle, streamLike, visibleStyle } from '../../test/support/styles.js';
import { styleFor, withoutControls } from './style.js';
import { formatTable, type Cell } from './table.js';

const texts = (...values: string[]): Cell[] => values.map((text) => ({ text }));

describe('formatTable', () => {
  it('makes every column as wide as its widest cell, two blanks apart', () => {
    const rows = [texts('6.1.0-56-arm64', 'arm64', 'x'), texts('6.1', 'x86_64', 'longer')];
    expect(formatTable(['kernel', 'arch', 'end'], rows, plainStyle)).toBe(
      [
        'kernel          arch    end',
        '6.1.0-56-arm64  arm64   x',
        '6.1             x86_64  longer',
      ].join('\n'),
    );
  });

  it('makes a column as wide as its title at least', () => {
    expect(formatTable(['toolchain', 'b'], [texts('x', 'y')], plainStyle)).toBe(
      'toolchain  b\nx          y',
    );
  });

  it('aligns numbers at their right, the last column too', () => {
    const row = (size: string, time: string): Cell[] => [
      { text: 'm' },
      { text: size, align: 'right' },
      { text: time, align: 'right' },
    ];
    const rows = [row('4.2 KiB', '1.2 s'), row('150 KiB', '12.3 s'), row('9 B', '″')];
    expect(formatTable(['name', 'size', 'time'], rows, plainStyle).split('\n').slice(1)).toEqual([
      'm     4.2 KiB   1.2 s',
      'm     150 KiB  12.3 s',
      'm         9 B       ″',
    ]);
  });

  it('leaves no blanks at the ends of lines', () => {
    const rows = [texts('a', '', ''), texts('b', 'c', '')];
    for (const line of formatTable(['1', '2', '3'], rows, plainStyle).split('\n')) {
      expect(line).toBe(line.trimEnd());
    }
  });

  it('is its header alone without rows', () => {
    expect(formatTable(['a', 'b'], [], plainStyle)).toBe('a  b');
  });

  it('paints the text of a cell and not the blanks beside it', () => {
    const rows: Cell[][] = [
      [
        { text: 'ok', format: 'green' },
        { text: '1', format: 'dim', align: 'right' },
      ],
      [
        { text: 'failed', format: 'red' },
        { text: '22', align: 'right' },
      ],
    ];
    expect(formatTable(['state', 'n'], rows, visibleStyle)).toBe(
      ['<dim:state>   <dim:n>', '<green:ok>       <dim:1>', '<red:failed>  22'].join('\n'),
    );
  });

  it('aligns alike with colours and without', () => {
    const coloured = styleFor(streamLike(true), {});
    const rows: Cell[][] = [
      [{ text: 'ok', format: 'green' }, { text: 'x' }],
      [
        { text: 'failed', format: 'red' },
        { text: 'y', format: 'bold' },
      ],
    ];
    const text = formatTable(['state', 'b'], rows, coloured);
    expect(text).toContain('\x1b[');
    expect(withoutControls(text)).toBe(formatTable(['state', 'b'], rows, plainStyle));
  });

  it.each(['\x1b[2J', '\x1b]0;title\x07', '\x9b31m', '\x07', '\b\b', '\r', '\x00', '\x7f'])(
    'lets no control characters of a cell through: %j',
    (control) => {
      const rows = (text: string): Cell[][] => [[{ text, format: 'red' }, { text: 'b' }]];
      const shown = formatTable(['name', 'x'], rows(`mod${control}ule`), visibleStyle);
      expect(shown).toBe(formatTable(['name', 'x'], rows('module'), visibleStyle));
      expect(shown).not.toContain(control);
    },
  );
});
