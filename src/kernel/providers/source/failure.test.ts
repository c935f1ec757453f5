import { describe, expect, it } from 'vitest';
import type { RunOutcome } from '../../../runtime/port.js';
import { Complaints, runError } from './failure.js';

const outcome = (changes: Partial<RunOutcome> = {}): RunOutcome => ({
  end: 'exited',
  exitCode: 2,
  stdout: Buffer.alloc(0),
  ...changes,
});

function errorOf(lines: string[], changes?: Partial<RunOutcome>) {
  const complaints = new Complaints();
  lines.forEach(complaints.add);
  return runError(outcome(changes), complaints, 'linux-6.1 could not be built', '/cache/x.log');
}

describe('runError', () => {
  it.each([
    ["init/main.c:9:3: error: 'frob' undeclared (first use in this function)"],
    ['scripts/x.c:1:10: fatal error: openssl/bio.h: No such file or directory'],
    ['ld.lld: error: undefined symbol: frob'],
    ['aarch64-linux-gnu-ld: init/main.o: undefined reference to `frob'],
    ['ERROR: modpost: "frob" [drivers/x.ko] undefined!'],
    ['arch/x/entry.S:4: Error: no such instruction'],
    ["make[2]: *** No rule to make target 'certs/vendor.pem', needed by 'certs/list'.  Stop."],
    ['/bin/sh: 1: rustc: command not found'],
  ])('tells of what made it fail: %s', (line) => {
    const echo = 'make[1]: *** [scripts/Makefile.build:250: init/main.o] Error 1';
    const { code, message, hint } = errorOf(['  CC  init/error.o', line, '  CC  x.o', echo]);
    expect(code).toBe('KERNEL_SOURCE_BUILD_FAILED');
    expect(message).toBe(`linux-6.1 could not be built (exit status 2):\n${line}`);
    expect(hint).toContain('/cache/x.log');
  });

  it('tells the first five, of a bounded length', () => {
    const lines = Array.from({ length: 9 }, (_, i) => `x.c:${i}:1: error: ${'e'.repeat(1000)}`);
    const told = errorOf(lines).message.split('\n').slice(1);
    expect(told.map((line) => line.slice(0, 7))).toEqual(
      lines.slice(0, 5).map((l) => l.slice(0, 7)),
    );
    expect(Math.max(...told.map((line) => line.length))).toBe(400);
  });

  it('tells what make says where nothing else does, and the last lines where make is silent', () => {
    const echo = 'make: *** [Makefile:3: x] Error 1';
    expect(errorOf(['  GEN x', echo, 'bye']).message).toContain(`:\n${echo}`);
    const last = ['1', '2', '3', '4', '5', '6', ''];
    expect(errorOf(last).message).toContain(':\n2\n3\n4\n5\n6');
  });

  it.each<[string, string[], Partial<RunOutcome>]>([
    ['BUILD_DISK_FULL', ['ld: final link failed: No space left on device'], {}],
    ['BUILD_OUT_OF_MEMORY', ['Killed'], { end: 'out-of-memory' }],
    ['BUILD_TIMEOUT', [], { end: 'timeout' }],
  ])('has other words for %s', (code, lines, changes) => {
    expect(errorOf(lines, changes).code).toBe(code);
  });
});
