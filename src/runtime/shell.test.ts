import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { shellJoin, shellQuote } from './shell.js';

/** The words that a real shell makes of a command line. */
function wordsOf(line: string): string[] {
  // A word of its own at the end: `printf '%s\0'` without arguments would print one NUL.
  const output = execFileSync('sh', ['-c', `printf '%s\\0' ${line} end`], { encoding: 'utf8' });
  return output.split('\0').slice(0, -2);
}

const everyAsciiCharacter = Array.from({ length: 127 }, (_, i) => String.fromCharCode(i + 1));

const nasty = [
  '',
  ' ',
  "'",
  "''",
  "it's",
  `"double" and 'single'`,
  '$HOME ${PATH} $(id) `id`',
  'a\\',
  '\\n',
  'two\nlines\n',
  '\ttab',
  '*',
  '?',
  '[a-z]*',
  '~',
  '~root',
  '!!',
  '# no comment',
  '-n',
  '--',
  ';',
  '&& false',
  '| cat',
  '> /dev/null',
  '{a,b}',
  'größe für alle 日本',
  'a,b:c=d%e@f+g',
  '\x1b[31m',
];

describe('shellQuote', () => {
  it.each(nasty)('gives a word that a shell reads back as it was: %j', (word) => {
    expect(wordsOf(shellQuote(word))).toEqual([word]);
  });

  it('keeps every ASCII character, alone and beside others', () => {
    const words = everyAsciiCharacter.flatMap((c) => [c, `a${c}`, `${c}b`, `${c}${c}`]);
    expect(wordsOf(words.map(shellQuote).join(' '))).toEqual(words);
  });

  it('leaves words alone that need no quotes, so that people can read them', () => {
    const plain = ['make', '-j4', 'M=/build/hello', 'ARCH=arm64', 'a,b', 'user@host:1', '100%'];
    expect(plain.map(shellQuote)).toEqual(plain);
  });
});

describe('shellJoin', () => {
  it('gives a command line of exactly these words', () => {
    expect(wordsOf(shellJoin(nasty))).toEqual(nasty);
  });

  it('puts one blank between words', () => {
    expect(shellJoin(['make', '-C', '/my dir', 'modules'])).toBe("make -C '/my dir' modules");
  });
});
