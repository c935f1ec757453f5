import { execFileSync } from 'node:child_process';
import { parse, type TestSuites } from 'junit2json';
import { describe, expect, it } from 'vitest';
import {
  failedJobOf,
  jobRecordOf,
  manifestOf,
  warningOf,
} from '../../test/support/manifest-values.js';
import type { Manifest } from '../artifact/manifest-schema.js';
import { buildJunitXml } from './build-junit.js';

const arm64 = { release: '6.1.0-56-arm64', arch: 'arm64' };

/** As a reader of JUnit sees it, after libxml2 has found it well-formed. */
async function parsed(manifest: Manifest): Promise<TestSuites> {
  const xml = buildJunitXml(manifest, '/ws');
  execFileSync('xmllint', ['--noout', '-'], { input: xml, stdio: ['pipe', 'pipe', 'pipe'] });
  const read = (await parse(xml)) as TestSuites;
  // What is counted is what is there.
  const suites = read.testsuite ?? [];
  const sum = (key: 'tests' | 'failures' | 'errors' | 'skipped') =>
    suites.reduce((all, suite) => all + suite[key]!, 0);
  expect([read.tests, read.failures, read.errors]).toEqual(
    (['tests', 'failures', 'errors'] as const).map(sum),
  );
  for (const suite of suites) {
    const cases = suite.testcase ?? [];
    const having = (key: 'failure' | 'error' | 'skipped') =>
      cases.filter((one) => one[key] !== undefined).length;
    expect([suite.tests, suite.failures, suite.errors, suite.skipped]).toEqual([
      cases.length,
      having('failure'),
      having('error'),
      having('skipped'),
    ]);
  }
  return read;
}

describe('buildJunitXml', () => {
  it('has a suite for each kernel and a test case for each job', async () => {
    const { testsuite } = await parsed(
      manifestOf([
        jobRecordOf({ log: 'logs/hello.log', diagnostics: [warningOf()] }),
        jobRecordOf(arm64),
        jobRecordOf({ project: 'other', status: 'cached' }),
      ]),
    );
    const told = testsuite!.map(({ name, testcase }) => [name, testcase!.map((one) => one.name)]);
    expect(told).toEqual([
      ['6.1.0-56-amd64 x86_64', ['hello gcc-12', 'other gcc-12']],
      ['6.1.0-56-arm64 arm64', ['hello gcc-12']],
    ]);
    const [first] = testsuite![0]!.testcase!;
    expect(first).toMatchObject({ classname: '6.1.0-56-amd64 x86_64', time: 1.5 });
    expect(first!['system-out']).toEqual([
      "drv/a.c:3:5: warning: unused variable 'x' [-Wunused-variable]\nlog: logs/hello.log",
    ]);
  });

  it('tells what the sources are to blame for from what the machine is', async () => {
    const compile = warningOf({ severity: 'error', flag: undefined, message: '<y> & "z" \u0001' });
    const { testsuite } = await parsed(
      manifestOf([
        failedJobOf('BUILD_COMPILE_ERROR', { project: 'a', diagnostics: [compile] }),
        failedJobOf('VERIFY_FAILED', { project: 'b' }),
        failedJobOf('ENGINE_NOT_FOUND', { project: 'c' }),
        failedJobOf('DKMS_EXCLUDED', { project: 'd', status: 'skipped' }),
      ]),
    );
    const [a, b, c, d] = testsuite![0]!.testcase!;
    expect(a!.failure).toEqual([
      {
        type: 'BUILD_COMPILE_ERROR',
        message: 'it failed',
        inner: 'drv/a.c:3:5: error: <y> & "z" \\x01\nhint: Mend it.',
      },
    ]);
    expect(b!.failure![0]!.inner).toBe('it failed\nhint: Mend it.');
    expect(c!.error![0]!.type).toBe('ENGINE_NOT_FOUND');
    expect(d!.skipped).toEqual([{ message: 'it failed' }]);
  });

  it('shows a kernel that cannot be used as an error', async () => {
    const error = { code: 'KERNEL_NOT_FOUND', message: 'no such kernel\nin there', hint: 'List.' };
    const { testsuite } = await parsed(
      manifestOf([], { unusable: [{ ref: 'debian:x/1', arch: 'arm64', error }] }),
    );
    expect(testsuite![0]!.name).toBe('debian:x/1 arm64');
    expect(testsuite![0]!.testcase![0]!.error![0]).toMatchObject({ message: 'no such kernel' });
  });

  it('is well-formed where nothing was built', async () => {
    expect((await parsed(manifestOf([]))).testsuite).toBeUndefined();
  });
});
