import { describe, expect, it } from 'vitest';
import { LineSplitter } from './line-splitter.js';

/** The lines that chunks give; the last one is not ended. */
function linesOf(...chunks: (string | Buffer)[]): string[] {
  const lines: string[] = [];
  const splitter = new LineSplitter((line) => lines.push(line));
  for (const chunk of chunks) splitter.write(Buffer.from(chunk));
  splitter.end();
  return lines;
}

describe('LineSplitter', () => {
  it('cuts at newlines, wherever the chunks are cut', () => {
    const text = 'one\ntwo\n\nthree\n';
    for (let cut = 0; cut <= text.length; cut++) {
      expect(linesOf(text.slice(0, cut), text.slice(cut))).toEqual(['one', 'two', '', 'three']);
    }
    expect(linesOf(...text.split(''))).toEqual(['one', 'two', '', 'three']);
  });

  it('gives a line as soon as it is ended', () => {
    const lines: string[] = [];
    const splitter = new LineSplitter((line) => lines.push(line));
    splitter.write(Buffer.from('one\ntw'));
    expect(lines).toEqual(['one']);
    splitter.write(Buffer.from('o\n'));
    expect(lines).toEqual(['one', 'two']);
  });

  it('gives a last line that is not ended, once', () => {
    const lines: string[] = [];
    const splitter = new LineSplitter((line) => lines.push(line));
    splitter.write(Buffer.from('one\ntwo'));
    splitter.end();
    splitter.end();
    expect(lines).toEqual(['one', 'two']);
  });

  it('gives nothing for nothing', () => {
    expect(linesOf()).toEqual([]);
    expect(linesOf('')).toEqual([]);
  });

  it('does not break a character that two chunks share', () => {
    const text = 'größe 日本 🐧\n';
    const bytes = Buffer.from(text);
    expect(linesOf(...Array.from(bytes, (_, i) => bytes.subarray(i, i + 1)))).toEqual([
      text.trimEnd(),
    ]);
  });

  it('takes the return off a line that ends with one, and leaves others', () => {
    expect(linesOf('one\r\ntwo\rthree\r\nfour\r')).toEqual(['one', 'two\rthree', 'four']);
  });

  it('holds back no more than a bounded part of a line that never ends', () => {
    const lines: string[] = [];
    const splitter = new LineSplitter((line) => lines.push(line));
    const chunk = Buffer.alloc(1024, 'x');
    let longestHeldBack = 0;
    for (let written = 1024; written <= 2 ** 20; written += 1024) {
      splitter.write(chunk);
      longestHeldBack = Math.max(longestHeldBack, written - lines.join('').length);
    }
    expect(longestHeldBack).toBeLessThanOrEqual(65 * 1024);
    splitter.end();
    expect(lines.join('')).toBe('x'.repeat(2 ** 20));
  });

  it('cuts lines at another limit, if asked', () => {
    const lines: string[] = [];
    const splitter = new LineSplitter((line) => lines.push(line), 4);
    for (const chunk of ['ab', 'cd', 'e', 'f\n']) splitter.write(Buffer.from(chunk));
    expect(lines).toEqual(['abcde', 'f']);
  });

  it('gives something for bytes that are no UTF-8', () => {
    expect(linesOf(Buffer.from([0x61, 0xff, 0x62, 0x0a]))).toEqual(['a\ufffdb']);
  });
});
