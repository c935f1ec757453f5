import { describe, expect, it } from 'vitest';
import type { Diagnostic } from '../events/event.js';
import { limitFailure, makeFailure, type BuildEnd } from './failure.js';

/** Why a build failed, or undefined if it did not: as a job finds out. */
const buildFailure = (end: BuildEnd) =>
  limitFailure(end) ?? (end.outcome.exitCode === 0 ? undefined : makeFailure(end));

function end(
  changes: Partial<BuildEnd> & {
    exitCode?: number;
    ended?: 'timeout' | 'out-of-memory' | 'too-many-processes';
  },
) {
  const { exitCode = 2, ended = 'exited', ...rest } = changes;
  return buildFailure({
    outcome: { end: ended, exitCode, stdout: Buffer.alloc(0) },
    diagnostics: [],
    tail: [],
    limits: { memoryBytes: 1.5 * 2 ** 30, diskBytes: 2 ** 28, timeoutMs: 90_000 },
    ...rest,
  });
}

const error = (message: string, place: Partial<Diagnostic> = {}): Diagnostic => ({
  severity: 'error',
  message,
  ...place,
});
const built: BuildEnd['built'] = { project: { buildDeps: [] }, runtime: 'docker' };
const undefinedSymbol = error('"frobnicate" [hello.ko] undefined!');
const compileError = error("'x' undeclared", { file: '/p/hello.c', line: 3, column: 7 });

describe('the failure of a build', () => {
  it('finds none in a build that ended well, whatever it printed', () => {
    const tail = ['Killed', 'No space left on device'];
    expect(end({ exitCode: 0, tail, diagnostics: [compileError] })).toBeUndefined();
  });

  it('tells a build that took too long, with the limit', () => {
    const failure = end({ ended: 'timeout', exitCode: 137, diagnostics: [compileError] });
    expect(failure?.code).toBe('BUILD_TIMEOUT');
    expect(failure?.message).toContain('90 s');
    expect(failure?.hint).toContain('--timeout');
  });

  it.each([
    { ended: 'too-many-processes', exitCode: 137 } as const,
    { tail: ['/tmp/x: fork: retry: Resource temporarily unavailable', 'done'] },
    {
      ended: 'timeout',
      exitCode: 137,
      tail: ['sh: fork: Resource temporarily unavailable'],
    } as const,
  ])('tells a build that forks without end: %j', (how) => {
    expect(end(how)?.code).toBe('BUILD_PROCESS_LIMIT');
  });

  it('tells a build that was killed by its limit of memory', () => {
    const failure = end({ ended: 'out-of-memory', exitCode: 137 });
    expect(failure?.code).toBe('BUILD_OUT_OF_MEMORY');
    expect(failure?.message).toContain('1.5 GiB');
    expect(failure?.hint).toContain('--memory');
  });

  it.each([
    'gcc-12: fatal error: Killed signal terminated program cc1',
    'make[2]: *** [/build/hello/Kbuild:2: /build/hello/big.c] Killed',
    'Killed',
  ])('tells one of whose processes one alone was killed: %s', (line) => {
    const diagnostics = [error('Killed signal terminated program cc1')];
    const tail = [line, 'make: *** [Makefile:238: __sub-make] Error 2'];
    expect(end({ tail, diagnostics })?.code).toBe('BUILD_OUT_OF_MEMORY');
  });

  it('does not take every word for a kill', () => {
    expect(end({ tail: ['  CC      killed.o', 'Killed it: works'] })?.code).toBe(
      'BUILD_MAKE_FAILED',
    );
  });

  it('tells a build that filled its scratch space, with the limit', () => {
    const tail = [
      '/tmp/ccYp1qWn.s: Assembler messages:',
      "/tmp/ccYp1qWn.s: Fatal error: can't write 52 bytes: No space left on device",
      'make: *** Error 1',
    ];
    const failure = end({ tail, diagnostics: [compileError] });
    expect(failure?.code).toBe('BUILD_DISK_FULL');
    expect(failure?.message).toContain('0.25 GiB');
    expect(failure?.hint).toContain('--disk');
  });

  it('tells the first error of a compiler, its place and how many more there are', () => {
    const warning: Diagnostic = { severity: 'warning', message: 'unused' };
    const diagnostics = [warning, compileError, error('second'), warning, error('third')];
    const failure = end({ diagnostics });
    expect(failure?.code).toBe('BUILD_COMPILE_ERROR');
    expect(failure?.message).toBe("/p/hello.c:3:7: 'x' undeclared (and 2 more)");
  });

  it('tells an error that has no place, or a part of one', () => {
    expect(end({ diagnostics: [error('no rule')] })?.message).toBe('no rule');
    const placed = error('missing separator', { file: '/p/Kbuild', line: 3 });
    expect(end({ diagnostics: [placed] })?.message).toBe('/p/Kbuild:3: missing separator');
  });

  it('tells a symbol that nobody exports, and where it might come from', () => {
    const failure = end({ diagnostics: [undefinedSymbol] });
    expect(failure?.code).toBe('BUILD_UNDEFINED_SYMBOL');
    expect(failure?.message).toBe('"frobnicate" [hello.ko] undefined!');
    expect(failure?.hint).toContain('depends');
  });

  it('tells the compile error rather than the symbol that is missing because of it', () => {
    const failure = end({ diagnostics: [compileError, undefinedSymbol] });
    expect(failure?.code).toBe('BUILD_COMPILE_ERROR');
  });

  it('tells the last thing that make said where there is no error to point at', () => {
    const tail = ['  CC hello.o', 'make: *** [Makefile:3: all] Error 127', '', '  '];
    const warning: Diagnostic = { severity: 'warning', message: 'unused' };
    const failure = end({ exitCode: 2, tail, diagnostics: [warning] });
    expect(failure?.code).toBe('BUILD_MAKE_FAILED');
    expect(failure?.message).toContain('exit 2');
    expect(failure?.message).toContain('Error 127');
  });

  it('tells what was printed before make gave up, rather than that it did', () => {
    const tail = [
      '  CC [M]  hello.o',
      '/bin/sh: 1: nosuchprog: not found',
      '  GEN     gen.h',
      'make[1]: *** [Kbuild:3: gen.h] Error 127',
      'make: *** [Makefile:238: __sub-make] Error 2',
    ];
    expect(end({ tail })?.message).toBe('make failed (exit 2): /bin/sh: 1: nosuchprog: not found');
  });

  it('says how a build gets what it missed, before all else', () => {
    const tail = ['/bin/sh: 1: pkg-config: not found', 'make: *** [Makefile:3: all] Error 127'];
    const failure = end({ tail, built });
    expect(failure?.code).toBe('BUILD_MAKE_FAILED');
    expect(failure?.hint).toMatch(/--build-dep pkg-config .*The job's log has all/);
    expect(end({ tail })?.hint).not.toContain('--build-dep');
  });

  it('says so of a header, though its line has long gone by', () => {
    const place = { file: '/p/xt.c', line: 3, column: 10 };
    const missing = error('xtables.h: No such file or directory', place);
    const failure = end({
      diagnostics: [missing, compileError],
      tail: ['make: *** Error 2'],
      built,
    });
    expect(failure?.code).toBe('BUILD_COMPILE_ERROR');
    expect(failure?.hint).toContain('the package that has xtables.h');
    expect(end({ diagnostics: [compileError], built })?.hint).not.toContain('--build-dep');
  });

  it('says so if there is nothing that it could tell', () => {
    expect(end({ exitCode: 1 })?.message).toBe('make failed (exit 1): it printed nothing');
  });
});
