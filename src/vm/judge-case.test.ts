import { describe, expect, it } from 'vitest';
import { loaded, recordOf, said, testCaseOf } from '../../test/support/case-values.js';
import { caseResultSchema } from '../artifact/test-record-schema.js';
import type { CaseRecord } from './case-record.js';
import { judgeCase } from './judge-case.js';
import type { TestCase } from './test-case.js';

/** The reasons of a case of `hello`, as `CODE: text`. */
function reasons(
  changes: Partial<CaseRecord>,
  testCase: Partial<TestCase> = {},
  names = ['hello'],
): string[] {
  const result = judgeCase(testCaseOf(names, testCase), recordOf(names, changes));
  expect(caseResultSchema.parse(result)).toEqual(result); // it goes into the manifest
  expect(JSON.parse(JSON.stringify(result))).toEqual(result);
  expect(result.verdict).toBe(result.reasons.length === 0 ? 'passed' : 'failed');
  return result.reasons.map(({ code, text }) => `${code}: ${text}`);
}

const outcomes = (record: Partial<CaseRecord>, names = ['hello'], testCase = {}) =>
  judgeCase(testCaseOf(names, testCase), recordOf(names, record)).modules.map(
    ({ module, outcome }) => `${module} ${outcome}`,
  );

const oops = {
  kind: 'oops' as const,
  title: 'Oops: 0002 [#1] PREEMPT SMP NOPTI',
  stack: [
    { text: 'do_one_initcall+0x56/0x220' },
    { text: 'bad_init+0x12/0x34 [hello]', source: 'hello.c:12' },
  ],
  lines: [said('Oops: 0002 [#1] PREEMPT SMP NOPTI', 1)],
};

describe('judgeCase', () => {
  it('passes what loads and unloads, with the taint of an out-of-tree and unsigned module', () => {
    const result = judgeCase(testCaseOf(['hello']), recordOf(['hello']));
    expect(result).toMatchObject({
      verdict: 'passed',
      reasons: [],
      taint: { before: { value: 0, letters: '' }, after: { value: 12288, letters: 'OE' } },
    });
    expect(outcomes({})).toEqual(['hello loaded']);
  });

  it.each(['ENODEV', 'ENXIO'])(
    'passes a module that answers %s: its hardware is not there',
    (error) => {
      const record = { loads: [loaded('hello', { error })], unloads: [] };
      expect(outcomes(record)).toEqual(['hello no device']);
      expect(reasons(record)).toEqual([]);
    },
  );

  it('lets the report tell of a load that it cut short, and says once that the module stays', () => {
    const record = {
      loads: [loaded('hello', { error: 'SIGKILL', isCutShort: true })],
      unloads: [],
      reports: [oops],
      leftBehind: ['/sys/module/hello', '/proc/hello'],
      taint: { before: 0, after: 12416 },
    };
    expect(outcomes(record)).toEqual(['hello unfinished']);
    expect(reasons(record)).toEqual([
      expect.stringMatching(/^KERNEL_REPORT: /),
      'LEFT_BEHIND: /proc/hello is still there after the last unload',
    ]);
  });

  it.each([{}, { expect: { refused: true as const } }])(
    'fails a load that was cut short and that no report tells of (%j)',
    (testCase) => {
      const record = {
        loads: [loaded('hello', { error: 'SIGKILL', isCutShort: true as const })],
        unloads: [],
      };
      expect(reasons(record, testCase)).toEqual([
        'MODULE_REFUSED: hello: loading it was cut short: SIGKILL',
      ]);
    },
  );

  it('tells of a refusal with the meaning of the error and what the kernel said', () => {
    const messages = [
      said('hello: loading out-of-tree module taints kernel.', 4),
      said("hello: `abc' invalid for parameter `count'", 3),
    ];
    const record = { loads: [loaded('hello', { error: 'EINVAL', messages })], unloads: [] };
    expect(outcomes(record)).toEqual(['hello refused']);
    expect(reasons(record)).toEqual([
      'MODULE_REFUSED: hello: the kernel refused it: EINVAL (an invalid argument or parameter): "hello: `abc\' invalid for parameter `count\'"',
    ]);
  });

  it('tells once why what comes after a refusal was not reached', () => {
    const record = { loads: [loaded('exporter', { error: 'ENOENT' })], unloads: [] };
    const names = ['exporter', 'consumer'];
    expect(outcomes(record, names)).toEqual(['exporter refused', 'consumer not reached']);
    expect(reasons(record, {}, names)).toHaveLength(1);
  });

  it('does not pass what was not tried', () => {
    const record = { loads: [loaded('a', { error: 'ENODEV' })], unloads: [] };
    expect(reasons(record, {}, ['a', 'b'])).toEqual([
      'NOT_REACHED: b: loading it was not tried, after a had found no device',
    ]);
    expect(reasons({}, { script: 'true' })).toEqual(['SCRIPT_NOT_RUN: the script was not run']);
    expect(reasons({ repetitions: 3 }, { repeat: 10 })).toEqual([
      'NOT_REPEATED: all was loaded and unloaded 3 times, not 10',
    ]);
  });

  it('tells of a hang, with the step, the limit and the last words', () => {
    const record: Partial<CaseRecord> = {
      end: 'hang',
      at: { step: 'load', module: 'hello' },
      loads: [],
      unloads: [],
      tail: [said('hello: waiting for ever')],
    };
    expect(outcomes(record)).toEqual(['hello unfinished']);
    expect(reasons(record)).toEqual([
      'HANG: it hung while hello was loaded: no end after 20 s; the last that the kernel said: "hello: waiting for ever"',
    ]);
    expect(reasons({ ...record, at: { step: 'script' }, loads: [loaded('hello')] })[0]).toContain(
      'it hung while the script ran',
    );
  });

  it('tells of a panic by its title, once', () => {
    const title = 'Kernel panic - not syncing: hello wants it';
    const reports = [{ kind: 'panic' as const, title, stack: [], lines: [] }];
    const at = { step: 'unload' as const, module: 'hello' };
    expect(reasons({ end: 'panic', at, reports, unloads: [], repetitions: 7 })).toEqual([
      `PANIC: the kernel panicked while hello was unloaded, after 7 repetitions: "${title}"`,
    ]);
  });

  it('tells of a flood and of a machine that is lost', () => {
    const at = { step: 'load' as const, module: 'hello' };
    expect(reasons({ end: 'flood', at, loads: [], unloads: [] })).toEqual([
      'FLOOD: the kernel log was flooded while hello was loaded',
    ]);
    expect(reasons({ end: 'lost', at: { step: 'boot' }, loads: [], unloads: [] })).toEqual([
      'VM_LOST: the virtual machine ended while the kernel was booted, and nothing said why',
    ]);
  });

  it('tells of a report by its title and the first frame of a tested module', () => {
    const taint = { before: 0, after: 4096 + 128 }; // D is what the report says
    expect(reasons({ reports: [oops], taint })).toEqual([
      'KERNEL_REPORT: the kernel reported an oops: "Oops: 0002 [#1] PREEMPT SMP NOPTI", in bad_init+0x12/0x34 [hello] (hello.c:12)',
    ]);
    const stack = [{ text: 'f+0x1/0x2' }];
    expect(reasons({ reports: [{ ...oops, kind: 'warning', stack }] })[0]).toMatch(
      /in f\+0x1\/0x2$/,
    );
    expect(reasons({ reports: [{ ...oops, stack: [] }] })[0]).toMatch(/NOPTI"$/);
  });

  it('tells of taint that loading does not explain', () => {
    expect(reasons({ taint: { before: 0, after: 1 + 4096 + 8192 } })).toEqual([]); // proprietary
    expect(reasons({ taint: { before: 512, after: 512 + 4096 } })).toEqual([]); // it was there
    expect(reasons({ taint: { before: 0, after: 512 + 2 } })).toEqual([
      'TAINTED: the kernel is tainted F since: a module was loaded by force',
      'TAINTED: the kernel is tainted W since: the kernel warned',
    ]);
  });

  it('tells of what was left behind and of a module that stays', () => {
    const unloads = [{ module: 'hello', error: 'EAGAIN', milliseconds: 1, messages: [] }];
    expect(reasons({ leftBehind: ['/proc/foo'] })).toEqual([
      'LEFT_BEHIND: /proc/foo is still there after the last unload',
    ]);
    expect(reasons({ unloads })).toEqual([
      'UNLOAD_REFUSED: hello: it could not be unloaded: EAGAIN (it is in use)',
    ]);
  });

  it('holds a case to its messages, wherever they were given', () => {
    const loads = [loaded('hello', { messages: [said('hello: up')] })];
    const unloads = [{ module: 'hello', milliseconds: 1, messages: [said('hello: down')] }];
    const judged = (expect: TestCase['expect']) => reasons({ loads, unloads }, { expect });
    expect(judged({ messages: ['^hello: up$', 'down'], noMessages: ['^up'] })).toEqual([]);
    expect(judged({ messages: ['^up'] })).toEqual([
      'MESSAGE_MISSING: the kernel said nothing that matches ^up',
    ]);
    expect(judged({ noMessages: ['do.n'] })).toEqual([
      'MESSAGE_FORBIDDEN: the kernel said what it must not (do.n): "hello: down"',
    ]);
  });

  it('holds a case to its parameters', () => {
    const loads = [loaded('my_mod', { parameters: { count: '3\n', on: 'Y' } })];
    const judged = (parameters: Record<string, string>, changes: Partial<CaseRecord> = {}) =>
      reasons({ loads, ...changes }, { expect: { parameters: { 'my-mod': parameters } } }, [
        'my_mod',
      ]);
    expect(judged({ count: '3', on: 'Y' })).toEqual([]);
    expect(judged({ count: '4' })).toEqual(['PARAMETER_DIFFERS: my-mod: count is "3", not "4"']);
    expect(judged({ secret: '1' })).toEqual([
      'PARAMETER_UNREADABLE: my-mod: secret could not be read back: sysfs does not show it',
    ]);
    expect(judged({ on: 'Y' }, { loads: [loaded('my_mod', { error: 'ENODEV' })] })).toEqual([
      'PARAMETER_UNREADABLE: my-mod: on could not be read back: it is not loaded',
    ]);
  });

  it('tells how a script ended', () => {
    const script = { exitCode: 2, output: ['reading', 'no /proc/hello', ''], messages: [] };
    expect(reasons({ script }, { script: 'x' })).toEqual([
      'SCRIPT_FAILED: the script ended with 2; the last that it printed: no /proc/hello',
    ]);
    expect(reasons({ script: { ...script, exitCode: 0 } }, { script: 'x' })).toEqual([]);
  });

  it('holds a case to the refusal that it expects, of the last module alone', () => {
    const refused = (error: string, expected: string | true, names = ['hello']) => {
      const loads = names.map((name, i) => loaded(name, i === names.length - 1 ? { error } : {}));
      return reasons({ loads, unloads: [] }, { expect: { refused: expected } }, names);
    };
    expect(refused('EINVAL', 'EINVAL')).toEqual([]);
    expect(refused('ENODEV', true, ['a', 'b'])).toEqual([]);
    expect(refused('ENOENT', 'EINVAL')).toEqual([
      'REFUSAL_OTHER: hello: it was to be refused with EINVAL, and the kernel said ENOENT (no such file, symbol or thing)',
    ]);
    expect(reasons({}, { expect: { refused: true } })).toEqual([
      'REFUSAL_MISSING: hello: it was to be refused, and was loaded',
    ]);
    const loads = [loaded('a', { error: 'EINVAL' })];
    const [first] = reasons({ loads }, { expect: { refused: true } }, ['a', 'b']);
    expect(first).toMatch(/^MODULE_REFUSED: a: /);
  });

  it('shows nothing of a guest that could move a cursor', () => {
    const loads = [loaded('hello', { error: 'EINVAL', messages: [said('hello: \u001b[2Jx')] })];
    expect(reasons({ loads })[0]).not.toContain('\u001b');
  });

  it('tells what a module that is refused had the kernel ask for in vain', () => {
    const record = {
      loads: [loaded('hello', { error: 'ENOENT' })],
      unloads: [],
      requests: [
        { name: 'crypto-a', during: 'hello', loads: [], isUnknown: true as const },
        { name: 'crypto-a-all', during: 'hello', loads: [], isUnknown: true as const },
        { name: 'crypto-b', during: 'hello', loads: [{ module: 'b' }] },
        { name: 'crypto-c', during: 'other', loads: [], isUnknown: true as const },
      ],
    };
    expect(reasons(record)).toEqual([
      expect.stringMatching(/^MODULE_REFUSED: .*; it had the kernel ask for "crypto-a", of which/),
    ]);
  });

  it('shows what was loaded since the kernel asked for it', () => {
    const requests = {
      lookups: [],
      loads: { ecb: testCaseOf(['+ecb']).loads, other: testCaseOf(['other']).loads },
    };
    const record = {
      loads: [loaded('hello')],
      requests: [
        { name: 'crypto-ecb', during: 'hello', loads: [{ module: 'ecb', error: 'EINVAL' }] },
        { name: 'crypto-other', during: 'hello', loads: [{ module: 'other' }] },
      ],
    };
    expect(outcomes(record, ['hello'], { requests })).toEqual([
      'hello loaded',
      'ecb refused',
      'other loaded',
    ]);
    expect(reasons(record, { requests })).toEqual([]);
  });

  it('names the oops that a script hangs for first, and does not say that the script ended', () => {
    const testCase = { script: 'echo > /proc/hello' };
    const record = {
      end: 'hang' as const,
      at: { step: 'script' as const },
      script: { output: ['so far'], messages: [] },
      unloads: [],
      reports: [oops, { ...oops, kind: 'hung-task' as const, title: 'where it is' }],
    };
    const found = reasons(record, testCase);
    expect(found.map((text) => text.replace(/:.*/, ''))).toEqual([
      'KERNEL_REPORT',
      'HANG',
      'KERNEL_REPORT',
    ]);
    expect(found[0]).toContain('an oops');
    expect(found[2]).toContain('where it is');
  });
});
