import { describe, expect, it } from 'vitest';
import { printable } from './printable.js';

describe('printable', () => {
  it('leaves text, tabs and ends of lines as they are', () => {
    const text = 'a\tb\nsize ≤ 5 µs, 模块, 🐧';
    expect(printable(text)).toBe(text);
  });

  it.each([
    ['colours', '\u001b[31mred', '\ufffd[31mred'],
    ['a title', '\u001b]0;mine\u0007', '\ufffd]0;mine\ufffd'],
    ['escapes of one character (C1)', '\u009b31m', '\ufffd31m'],
    ['a line that is written over', 'failed\rpassed', 'failed\ufffdpassed'],
    ['what is taken back', 'rm\b\b\u007f', 'rm\ufffd\ufffd\ufffd'],
    ['text that runs backwards', '\u202egnp.exe\u2069', '\ufffdgnp.exe\ufffd'],
  ])('shows %s as what it is', (_, text, shown) => {
    expect(printable(text)).toBe(shown);
  });
});
