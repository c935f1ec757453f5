import { describe, expect, it } from 'vitest';
import { ConsoleLines, readConsoleLine } from './console-line.js';

describe('readConsoleLine', () => {
  it.each([
    [
      '<6>[    1.234567] hello: up',
      { seconds: 1.234567, level: 6, text: 'hello: up', fromProgram: false },
    ],
    ['<12>[   12.000001] said', { seconds: 12.000001, level: 4, text: 'said', fromProgram: true }],
    [
      '<4>[    0.5][   T82] by a task',
      { seconds: 0.5, level: 4, text: 'by a task', fromProgram: false },
    ],
    ['<3>no time', { level: 3, text: 'no time', fromProgram: false }],
    [
      '<6>[    1.000000]  Call Trace:',
      { seconds: 1, level: 6, text: ' Call Trace:', fromProgram: false },
    ],
    ['firmware <1>', { text: 'firmware <1>', fromProgram: false }],
  ])('reads %s', (line, expected) => {
    expect(readConsoleLine(line)).toEqual(expected);
  });
});

describe('ConsoleLines', () => {
  it('puts lines together that come in pieces, and characters too', () => {
    const seen: string[] = [];
    const lines = new ConsoleLines((line) => seen.push(line));
    const bytes = Buffer.from('one\r\ntwö\r\nrest');
    for (const byte of bytes) lines.write(Uint8Array.of(byte));
    expect(seen).toEqual(['one', 'twö']);
    lines.end();
    expect(seen).toEqual(['one', 'twö', 'rest']);
  });

  it('holds no line without end', () => {
    const seen: string[] = [];
    const lines = new ConsoleLines((line) => seen.push(line));
    for (let i = 0; i < 3; i++) lines.write(Buffer.alloc(40_000, 'x'));
    expect(seen.map(({ length }) => length)).toEqual([80_000]);
  });
});
