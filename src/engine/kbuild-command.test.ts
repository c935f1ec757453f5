import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { make } from '../../test/support/make.js';
import { temporaryDirectory } from '../../test/support/temporary-directory.js';
import { parseCommandFile } from './kbuild-command.js';

const fixtures = fileURLToPath(new URL('../../test/fixtures/kbuild-commands', import.meta.url));
const texts = readdirSync(fixtures)
  .filter((kernel) => /^\d/.test(kernel))
  .flatMap((kernel) =>
    readdirSync(`${fixtures}/${kernel}`).map(
      (name) =>
        [`${kernel}/${name}`, readFileSync(`${fixtures}/${kernel}/${name}`, 'utf8')] as const,
    ),
  );

/** What make itself understands of a record. */
function asMakeReads(text: string, target: string) {
  const directory = temporaryDirectory({
    record: text,
    Makefile: [
      'pound := \\#',
      'empty :=',
      'all: ;',
      'include record',
      `$(info $(strip $(or $(savedcmd_${target}),$(cmd_${target}))))`,
      `$(info $(strip $(source_${target})))`,
      `$(info $(strip $(deps_${target})))`,
    ].join('\n'),
  });
  const [command = '', source = '', dependencies = ''] = make(directory, 'all').split('\n');
  return { command, source, dependencies: dependencies.split(' ').filter(Boolean) };
}

describe('a record of Kbuild', () => {
  it('is there for kernels of before and after savedcmd_', () => {
    expect(texts.length).toBeGreaterThanOrEqual(25);
    expect(texts.some(([, text]) => text.startsWith('cmd_'))).toBe(true);
    expect(texts.some(([, text]) => text.startsWith('savedcmd_'))).toBe(true);
  });

  it.each(texts)('%s says what make reads in it', (name, text) => {
    const read = parseCommandFile(text)!;
    const theirs = asMakeReads(text, read.target);
    expect(read.target.endsWith(`/${name}`.replace(/.*\//, '').replace(/\.cmd$/, ''))).toBe(true);
    expect(read.command.split(/\s+/).join(' ')).toBe(theirs.command);
    expect(read.source ?? '').toBe(theirs.source);
    expect(read.dependencies).toEqual([...new Set(theirs.dependencies)]);
  });

  it('gives the files that a source includes, not the marks of configuration options', () => {
    const [, text] = texts.find(([name]) => name === '6.1-x86_64/greet.o.cmd')!;
    const { dependencies } = parseCommandFile(text)!;
    expect(dependencies).toContain('/build/greeter/include/greet.h');
    expect(dependencies.some((path) => path.includes('include/config'))).toBe(false);
  });

  it('takes escapes for what they stand for', () => {
    const [, text] = texts.find(([name]) => name === '6.1-x86_64/greet.o.cmd')!;
    expect(parseCommandFile(text)!.command).toContain(`-DGREETING='"hello, world $x #1"'`);
    const odd =
      'savedcmd_a.o := cc \\# $(pound) a.c\n\nsource_a.o := a\\#b.c\n\ndeps_a.o := \\\n  $$x.h \\\n  c\\#.h \\\n';
    expect(parseCommandFile(odd)).toEqual({
      target: 'a.o',
      command: 'cc \\# # a.c',
      source: 'a#b.c',
      dependencies: ['$x.h', 'c#.h'],
    });
  });

  it.each(['', 'hello', 'x := y\n', 'cmd_ := cc\n', '\0\0'])('%j is none', (text) => {
    expect(parseCommandFile(text)).toBeUndefined();
  });
});
