import { describe, expect, it } from 'vitest';
import { streamLike } from '../../test/support/styles.js';
import { styleFor, withoutControls } from './style.js';

const terminal = streamLike(true);
const pipe = streamLike(false);

describe('styleFor', () => {
  it('paints for a terminal, whatever stdout is', () => {
    expect(styleFor(terminal, {}).paint('red', 'failed')).toBe('\x1b[31mfailed\x1b[39m');
    expect(styleFor(terminal, { TERM: 'xterm' }).paint('bold', 'x')).toContain('\x1b[1m');
  });

  it('paints nothing for a pipe', () => {
    expect(styleFor(pipe, {}).paint('red', 'failed')).toBe('failed');
    expect(styleFor(streamLike(undefined), {}).paint('red', 'failed')).toBe('failed');
  });

  it('paints nothing where NO_COLOR is set, whatever to', () => {
    for (const NO_COLOR of ['1', '0', 'false']) {
      expect(styleFor(terminal, { NO_COLOR }).paint('red', 'x')).toBe('x');
    }
  });

  it('takes an empty NO_COLOR for none (no-color.org)', () => {
    expect(styleFor(terminal, { NO_COLOR: '' }).paint('red', 'x')).toContain('\x1b[31m');
  });

  it('paints nothing on a dumb terminal', () => {
    expect(styleFor(terminal, { TERM: 'dumb' }).paint('red', 'x')).toBe('x');
  });
});

describe('withoutControls', () => {
  it.each([
    ['colours', '\x1b[31mred\x1b[0m \x1b[1;38;5;208mmore\x1b[m', 'red more'],
    ['a cleared screen', '\x1b[2J\x1b[Hgone', 'gone'],
    ['a moved cursor', 'a\x1b[10Ab\x1b[?25lc', 'abc'],
    ['a bell and a backspace', 'a\x07b\x08c', 'abc'],
    ['a return that would write over the line', 'error\rall is well', 'errorall is well'],
    ['NUL, form feed and DEL', 'a\x00b\x0cc\x7fd', 'abcd'],
    ['a title for the window', '\x1b]0;title\x07a\x1b]0;other\x1b\\b', 'ab'],
    ['a link', '\x1b]8;;http://x\x1b\\text\x1b]8;;\x1b\\', 'text'],
    ['a device control string', 'a\x1bP1$r0m\x1b\\b', 'ab'],
    ['another character set and a reset', '\x1b(Bab\x1bc\x1b7c', 'abc'],
    ['the controls of 8 bits', 'a\x9b2Jb\x9d0;x\x9cc\x85d', 'abcd'],
    ['an unfinished title', 'a\x1b]0;b', 'a]0;b'],
    ['an escape alone', 'a\x1bb', 'ab'],
    ['an unfinished sequence', 'a\x1b[31', 'a[31'],
  ])('takes %s away', (_, text, expected) => {
    expect(withoutControls(text)).toBe(expected);
  });

  it('leaves tabs, brackets and every letter', () => {
    const text = "\tif (x[3] > 'ä') { … } 日本 🐧";
    expect(withoutControls(text)).toBe(text);
  });
});
