import { describe, expect, it } from 'vitest';
import { loaded, recordOf, said, testCaseOf } from '../../test/support/case-values.js';
import { plainStyle, visibleStyle } from '../../test/support/styles.js';
import type { Manifest } from '../artifact/manifest-schema.js';
import type { TestRecord } from '../artifact/test-record-schema.js';
import type { CaseRecord } from '../vm/case-record.js';
import { judgeCase } from '../vm/judge-case.js';
import { formatTestRun } from './test-view.js';

const judged = (changes: Partial<CaseRecord> = {}, name = 'load', testCase = {}) =>
  judgeCase(testCaseOf(['hello'], { name, ...testCase }), recordOf(['hello'], changes));

const test = (cases: TestRecord['cases'], changes: Partial<TestRecord> = {}): TestRecord => ({
  job: 'hello-6.1-x86_64-gcc-12',
  project: 'hello',
  release: '6.1.0-56-amd64',
  arch: 'x86_64',
  cases,
  ...changes,
});

const manifest = (tests: TestRecord[]): Manifest => ({
  schemaVersion: 1,
  tool: { name: 'kbuild-ts', version: '0.1.0' },
  output: '/o',
  startedAt: '2026-01-01T00:00:00.000Z',
  milliseconds: 2500,
  status: 'succeeded',
  jobs: [],
  tests,
});

const show = (tests: TestRecord[], all = false) => formatTestRun(manifest(tests), plainStyle, all);

const refused = judged(
  {
    loads: [loaded('hello', { error: 'EINVAL', messages: [said('hello: count is wrong')] })],
    unloads: [],
  },
  'wrong',
);

const report = {
  kind: 'warning' as const,
  title: 'WARNING: CPU: 0 PID: 1 at hello.c:3',
  stack: [
    { text: 'do_init_module+0x1/0x2' },
    { text: 'hello_init+0x1/0x2 [hello]', source: 'hello.c:3' },
    { text: 'other+0x1/0x2 [hello]' },
  ],
  lines: [said('WARNING: CPU: 0')],
};

describe('formatTestRun', () => {
  it('has a row for each case, and counts them', () => {
    expect(show([test([judged(), judged({ repetitions: 5 }, 'often', { repeat: 5 })])])).toBe(
      [
        'kernel          arch    project  case   result     taint  time',
        '6.1.0-56-amd64  x86_64  hello    load   passed     OE     0.08 s',
        '6.1.0-56-amd64  x86_64  hello    often  passed 5×  OE     0.08 s',
        '',
        '2 passed on 1 kernel in 2.50 s; /o/manifest.json',
      ].join('\n'),
    );
  });

  it('tells a refusal that was expected, and a module that found no device', () => {
    const loads = [loaded('hello', { error: 'EINVAL' })];
    const expected = judged({ loads, unloads: [] }, 'x', { expect: { refused: 'EINVAL' } });
    const silent = judged({ loads: [loaded('hello', { error: 'ENODEV' })], unloads: [] });
    const text = show([test([expected, silent])]);
    expect(text).toContain('refused as expected: EINVAL');
    expect(text).toContain('loaded, no device');
    expect(text).toContain('2 passed');
  });

  it('tells of a failure: why, the kernel’s own words, the log, what to do', () => {
    const text = show([test([{ ...refused, log: 'logs/hello.console.log' }])]);
    expect(text.split('\n\n').slice(1)).toEqual([
      [
        'failed hello-6.1-x86_64-gcc-12: wrong',
        '  hello: the kernel refused it: EINVAL (an invalid argument or parameter): "hello: count is wrong" [MODULE_REFUSED]',
        '  load hello:',
        '    [    1.000000] hello: count is wrong',
        '  log  /o/logs/hello.console.log',
        "  hint 'kbuild-ts verify' says what of the module this kernel does not take; if it is to be refused, say so: expect: { refused: … }.",
      ].join('\n'),
      '0 passed, 1 failed on 1 kernel in 2.50 s; /o/manifest.json',
    ]);
  });

  it('shows the places of a stack in modules first, those with a source before others', () => {
    const lines = show([test([judged({ reports: [report] })])]).split('\n');
    const at = lines.findIndex((line) => line.includes('stack of'));
    expect(lines.slice(at, at + 4)).toEqual([
      '  stack of WARNING: CPU: 0 PID: 1 at hello.c:3:',
      '    hello.c:3  hello_init+0x1/0x2 [hello]',
      '    other+0x1/0x2 [hello]',
      '    do_init_module+0x1/0x2',
    ]);
  });

  it('shows places of sources as the user would type them, in the words of a reason too', () => {
    const source = `${process.cwd()}/drv/ring.h:3, inlined at ${process.cwd()}/drv/ring.c:12`;
    const stack = [{ text: 'hello_init+0x1/0x2 [hello]', source }];
    const text = show([test([judged({ reports: [{ ...report, stack }] })])]);
    expect(text).toContain(
      'in hello_init+0x1/0x2 [hello] (drv/ring.h:3, inlined at drv/ring.c:12)',
    );
    expect(text).toContain(
      '    drv/ring.h:3, inlined at drv/ring.c:12  hello_init+0x1/0x2 [hello]',
    );
    expect(text).not.toContain(process.cwd());
  });

  it('shows of cases that passed what was read and said, if all is asked for', () => {
    const loads = [
      loaded('hello', { parameters: { count: '3\n' }, messages: [said('hello: up')] }),
    ];
    const one = [test([judged({ loads })])];
    expect(show(one)).not.toContain('hello: up');
    const text = show(one, true);
    expect(text).toContain('parameters hello: count=3');
    expect(text).toContain('    [    1.000000] hello: up');
  });

  it('shows the last of many lines, and how many there are before', () => {
    const messages = Array.from({ length: 100 }, (_, i) => said(`hello: line ${i}`));
    const loads = [loaded('hello', { error: 'EIO', messages })];
    const text = show([test([judged({ loads, unloads: [] })])]);
    expect(text).toContain('… 88 lines before');
    expect(text).toContain('hello: line 99');
    expect(text).not.toContain('hello: line 87\n');
  });

  it('tells of a job of which nothing could be tried', () => {
    const error = { code: 'VM_FAILED', message: 'no qemu', hint: 'Install it.' };
    const text = show([test([], { error })]);
    expect(text).toContain(
      'not tried hello-6.1-x86_64-gcc-12 [VM_FAILED]\n  no qemu\n  hint Install it.',
    );
    expect(text).toContain('0 passed, 1 not tried');
  });

  it('lets nothing of a guest move the cursor', () => {
    const messages = [said('hello: \u001b[2J\u0007x')];
    const loads = [loaded('hello', { error: 'EIO', messages, parameters: { a: '\u001b[1m' } })];
    expect(show([test([judged({ loads, unloads: [] })])], true)).not.toMatch(/[\u001b\u0007]/);
  });

  it('paints verdicts', () => {
    const text = formatTestRun(manifest([test([judged(), refused])]), visibleStyle, false);
    expect(text).toContain('<green:passed>');
    expect(text).toContain('<red:module refused>');
    expect(text).toContain('<red:1 failed>');
  });
});
