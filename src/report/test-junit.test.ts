import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { loaded, recordOf, said, testCaseOf } from '../../test/support/case-values.js';
import type { TestRecord } from '../artifact/test-record-schema.js';
import { judgeCase } from '../vm/judge-case.js';
import { junitXml } from './test-junit.js';

const record = (changes: Partial<TestRecord> = {}): TestRecord => ({
  job: 'hello-6.1.0-56-amd64-x86_64-gcc-12',
  project: 'hello',
  release: '6.1.0-56-amd64',
  arch: 'x86_64',
  accelerator: 'tcg',
  cases: [],
  ...changes,
});

const passed = judgeCase(testCaseOf(['hello']), recordOf(['hello']));
const hostile = '\u001b[2J <&>"\' ]]> \u0000 \u009b \ufffe \ud800 😀 \ttab';
const failed = judgeCase(
  testCaseOf(['hello'], { name: `bad ${hostile}` }),
  recordOf(['hello'], {
    loads: [loaded('hello', { error: 'EINVAL', messages: [said(`hello: ${hostile}`)] })],
    unloads: [],
  }),
);

const script = `
import sys, json, xml.etree.ElementTree as tree
root = tree.fromstring(sys.stdin.buffer.read())
print(json.dumps([[suite.attrib, [[case.attrib, [[child.tag, child.attrib, child.text] for child in case]]
  for case in suite.findall('testcase')]] for suite in root.findall('testsuite')]))
`;

/** As Python reads it, after libxml2 has found it well-formed. */
function parsed(tests: TestRecord[]) {
  const xml = junitXml(tests);
  const input = Buffer.from(xml);
  execFileSync('xmllint', ['--noout', '-'], { input, stdio: ['pipe', 'pipe', 'pipe'] });
  return JSON.parse(execFileSync('python3', ['-c', script], { input, encoding: 'utf8' })) as [
    Record<string, string>,
    [Record<string, string>, [string, Record<string, string>, string | null][]][],
  ][];
}

describe('junitXml', () => {
  it('is read by others: a suite for each job, a test case for each case', () => {
    const [first, second] = parsed([
      record({ cases: [{ ...passed, log: 'logs/hello.console.log' }] }),
      record({ job: 'other', cases: [passed, failed] }),
    ]);
    expect(first![0]).toMatchObject({ name: record().job, tests: '1', failures: '0', errors: '0' });
    expect(first![1]).toEqual([
      [
        { name: 'load', classname: record().job, time: '0.080' },
        [['system-out', {}, 'console: logs/hello.console.log']],
      ],
    ]);
    expect(second![0]).toMatchObject({ name: 'other', tests: '2', failures: '1' });
  });

  it('carries the reasons and what the kernel said, with what XML cannot hold made visible', () => {
    const [attributes, children] = parsed([record({ cases: [failed] })])[0]![1][0]!;
    expect(attributes.name).toBe('bad \\x1b[2J <&>"\' ]]> \\x00 \\x9b \ufffd \ufffd 😀 \ttab');
    const [failure, output] = children;
    expect(failure![0]).toBe('failure');
    expect(failure![1].type).toBe('MODULE_REFUSED');
    expect(failure![2]).toMatch(/^MODULE_REFUSED: hello: the kernel refused it: EINVAL/);
    expect(output![2]).toContain('load hello:\n[    1.000000] hello: \\x1b[2J <&>"\' ]]> \\x00');
  });

  it('shows a job of which nothing could be tried as an error', () => {
    const error = { code: 'VM_FAILED', message: 'no <QEMU>', hint: 'Install it.' };
    const [suite] = parsed([record({ error })]);
    expect(suite![0]).toMatchObject({ tests: '1', failures: '0', errors: '1' });
    expect(suite![1][0]![1]).toEqual([
      ['error', { type: 'VM_FAILED', message: 'no <QEMU>' }, 'Install it.'],
    ]);
  });

  it('is well-formed where nothing was tried', () => {
    expect(parsed([])).toEqual([]);
  });
});
