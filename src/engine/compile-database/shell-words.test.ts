import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parseCommandFile } from '../kbuild-command.js';
import { firstCommandWords } from './shell-words.js';

/** The words that the shell itself makes of a command that has no operators. */
const asShellReads = (command: string): string[] =>
  execFileSync('sh', ['-c', `printf '%s\\0' ${command}`], { encoding: 'utf8' })
    .split('\0')
    .slice(0, -1);

const fixtures = fileURLToPath(new URL('../../../test/fixtures/kbuild-commands', import.meta.url));

describe('firstCommandWords', () => {
  it.each([
    'cc -c a.c',
    `cc -DX='"a b"' -DY="c d"  -DZ=e\\ f`,
    `cc "a'b" 'c"d' e"f"'g'h ''`,
    `cc "\\"q\\" \\\\ \\a \\\n x" \\\n y \\\\ \\'`,
    'cc "a;b" \'c|d\' e\\;f \\# a#b',
    "cc ''''  \"\"",
  ])('reads %j as the shell does', (command) => {
    expect(firstCommandWords(command)).toEqual(asShellReads(command));
  });

  it.each([
    ['cc -c a.c ; ./objtool --orc a.o', ['cc', '-c', 'a.c']],
    ['cc a.c;objtool', ['cc', 'a.c']],
    ['cc a.c && true || false', ['cc', 'a.c']],
    ['cc a.c | tee x', ['cc', 'a.c']],
    ['cc a.c > x', ['cc', 'a.c']],
    ['cc a.c 2>&1', ['cc', 'a.c']],
    ['cc a.c # said', ['cc', 'a.c']],
    ['\n cc a.c\nobjtool', ['cc', 'a.c']],
    ['', []],
    ["cc 'no end", ['cc', 'no end']],
    ['cc "no end\\', ['cc', 'no end\\']],
    ['cc \\', ['cc', '']],
  ])('of %j takes the first command', (text, words) => {
    expect(firstCommandWords(text)).toEqual(words);
  });

  const records = readdirSync(fixtures)
    .filter((kernel) => /^\d/.test(kernel))
    .flatMap((kernel) => ['greet', 'low'].map((name) => `${kernel}/${name}.o.cmd`));
  it.each(records)('reads the compile of %s as the shell does', (name) => {
    const { command } = parseCommandFile(readFileSync(`${fixtures}/${name}`, 'utf8'))!;
    const [first = ''] = command.split(/ ; /);
    const words = firstCommandWords(command);
    expect(words.length).toBeGreaterThan(20);
    // $x stands in the text by our doing: Kbuild's shell would expand it.
    expect(words).toEqual(
      asShellReads(first.replaceAll('$', '\\$')).map((w) => w.replaceAll('\\$', '$')),
    );
  });
});
