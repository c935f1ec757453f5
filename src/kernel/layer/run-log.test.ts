import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../../../test/support/temporary-directory.js';
import { longestLog, openRunLog } from './run-log.js';

function reasonsOf(lines: string[]) {
  const path = join(temporaryDirectory(), 'logs/make.log');
  const passed: string[] = [];
  const log = openRunLog(path, (line) => passed.push(line));
  lines.forEach(log.onLine);
  log.close();
  expect(passed).toEqual(lines);
  expect(readFileSync(path, 'utf8')).toBe(lines.map((line) => `${line}\n`).join(''));
  return log.reasons();
}

// As GCC 12, make 4.3, dash and GNU ld print them.
describe('why a run failed', () => {
  it('is what the compiler said, not that make gave up for it', () => {
    const lines = [
      '  HOSTCC  scripts/sign-file',
      'scripts/sign-file.c:29:10: fatal error: openssl/opensslv.h: No such file or directory',
      'compilation terminated.',
      'make[1]: *** [scripts/Makefile.host:114: scripts/sign-file] Error 1',
      'make: *** [Makefile:1280: scripts] Error 2',
    ];
    expect(reasonsOf(lines)).toEqual([lines[1]]);
  });

  it.each([
    "make[1]: *** No rule to make target 'scripts/mod/modpost.c', needed by 'scripts/mod/modpost.o'.  Stop.",
    "/usr/bin/ld: main.o: in function `f': x.c:(.text+0x5): undefined reference to `g'",
    '/bin/sh: 1: flex: not found',
    `Kconfig:32: can't open file "Documentation/Kconfig"`,
    "mkdir: cannot create directory 'usr/include': Read-only file system",
  ])('is %s', (line) => {
    expect(reasonsOf(['  CC      x.o', line, 'make: *** [Makefile:1: x] Error 1'])).toEqual([line]);
  });

  it('is the first three of many', () => {
    const lines = [1, 2, 3, 4].map((line) => `x.c:${line}:1: error: expected ';'`);
    expect(reasonsOf(lines)).toEqual(lines.slice(0, 3));
  });

  it('is the last line of one that says nothing, and that it is silent of one that is', () => {
    expect(reasonsOf(['Segmentation fault', ''])).toEqual(['Segmentation fault']);
    const quiet = [
      'python3 says no',
      'make[1]: *** Waiting for unfinished jobs....',
      'make: *** [x] Error 1',
    ];
    expect(reasonsOf(quiet)).toEqual(['python3 says no']);
    expect(reasonsOf([])).toEqual(['it printed nothing']);
  });
});

describe('the log of a run', () => {
  it('is bounded, and the reasons are known all the same', () => {
    const path = join(temporaryDirectory(), 'make.log');
    const log = openRunLog(path, () => undefined);
    const line = 'ä'.repeat(2 ** 19 - 1);
    for (let size = 0; size < 2 * longestLog; size += 2 ** 20) log.onLine(line);
    log.onLine('x.c:1:1: error: it is too late');
    log.close();
    expect(statSync(path).size).toBeGreaterThan(longestLog - 2 ** 21);
    expect(statSync(path).size).toBeLessThanOrEqual(longestLog);
    expect(log.reasons()).toEqual(['x.c:1:1: error: it is too late']);
  });

  it('ends on a full disk, and the run does not', () => {
    const passed: string[] = [];
    const log = openRunLog('/dev/full', (line) => passed.push(line));
    log.onLine('make: one');
    log.onLine('cc: error: no space');
    log.close();
    expect(passed).toEqual(['make: one', 'cc: error: no space']);
    expect(log.reasons()).toEqual(['cc: error: no space']);
  });
});
