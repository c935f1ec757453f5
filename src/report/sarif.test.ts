import type * as Sarif from 'sarif';
import { describe, expect, it } from 'vitest';
import {
  failedJobOf,
  jobRecordOf,
  manifestOf,
  warningOf,
} from '../../test/support/manifest-values.js';
import { sarifSchema, schemaErrors } from '../../test/support/schemas.js';
import type { JobRecord, Manifest } from '../artifact/manifest-schema.js';
import { sarifText } from './sarif.js';

const arm64 = { release: '6.1.0-56-arm64', arch: 'arm64' };
const error = warningOf({ severity: 'error', flag: undefined, message: "'y' undeclared" });

/** The run of a log that the official schema takes. */
function runOf(manifest: Manifest, root = '/ws'): Sarif.Run {
  const log = JSON.parse(sarifText(manifest, root)) as Sarif.Log;
  expect(schemaErrors(sarifSchema, log)).toEqual([]);
  return log.runs[0]!;
}

const resultsOf = (jobs: JobRecord[], root?: string): Sarif.Result[] =>
  runOf(manifestOf(jobs), root).results!;

const artifactOf = (result: Sarif.Result | undefined) =>
  result!.locations![0]!.physicalLocation!.artifactLocation!;

describe('sarifText', () => {
  it('tells of what several kernels have in common once, with their names', () => {
    const results = resultsOf([
      jobRecordOf({ diagnostics: [warningOf()] }),
      jobRecordOf({ ...arm64, diagnostics: [warningOf(), warningOf({ line: 9 })] }),
    ]);
    expect(results).toHaveLength(2);
    expect(results[0]).toMatchObject({
      ruleId: '-Wunused-variable',
      level: 'warning',
      message: { text: "unused variable 'x'" },
      locations: [
        {
          physicalLocation: {
            artifactLocation: { uri: 'drv/a.c', uriBaseId: '%SRCROOT%' },
            region: { startLine: 3, startColumn: 5 },
          },
        },
      ],
      properties: {
        kernels: [
          { release: '6.1.0-56-amd64', arch: 'x86_64', toolchain: 'gcc-12' },
          { ...arm64, toolchain: 'gcc-12' },
        ],
        projects: ['hello'],
      },
    });
    expect(results[1]!.properties!.kernels).toEqual([{ ...arm64, toolchain: 'gcc-12' }]);
  });

  it('has a rule for each option, whether or not it was made an error', () => {
    const { tool, results } = runOf(
      manifestOf([
        jobRecordOf({
          diagnostics: [
            warningOf({ flag: '-Wformat=' }),
            warningOf({ severity: 'error', flag: '-Werror=format=' }),
            warningOf({ severity: 'error', flag: '-Werror,-Wvla' }),
            warningOf({ flag: undefined }),
            error,
          ],
        }),
      ]),
    );
    const rules = tool.driver.rules!;
    expect(rules.map(({ id }) => id)).toEqual([
      '-Wformat',
      '-Wvla',
      'compile-error',
      'compile-warning',
    ]);
    expect(results!.map(({ level, ruleId }) => [level, ruleId])).toEqual([
      ['error', '-Wformat'],
      ['error', '-Wvla'],
      ['error', 'compile-error'],
      ['warning', '-Wformat'],
      ['warning', 'compile-warning'],
    ]);
    for (const { ruleIndex, ruleId } of results!) expect(rules[ruleIndex!]!.id).toBe(ruleId);
  });

  it('says where files are that are not checked out, and encodes odd names', () => {
    const files = ['/ws/my drv/ä%23.c', './include/linux/fs.h', '/usr/src/x/a b.h', '/wsx/a.c'];
    const results = resultsOf([
      jobRecordOf({ diagnostics: files.map((file) => warningOf({ file })) }),
    ]);
    expect(results.map(artifactOf)).toEqual([
      { uri: 'my%20drv/%C3%A4%2523.c', uriBaseId: '%SRCROOT%' },
      { uri: 'include/linux/fs.h', uriBaseId: 'KDIR' },
      { uri: 'file:///usr/src/x/a%20b.h' },
      { uri: 'file:///wsx/a.c' },
    ]);
  });

  it('knows a result again when lines are added above it, and equal ones from each other', () => {
    const prints = (lines: number[]) =>
      resultsOf([
        jobRecordOf({ diagnostics: lines.map((line) => warningOf({ line })) }),
        jobRecordOf({ ...arm64, diagnostics: [] }),
      ]).map(({ partialFingerprints }) => partialFingerprints!['kbuildTsDiagnostic/v1']);
    expect(prints([3, 8])).toEqual(prints([5, 10]));
    expect(prints([8, 3])).toEqual(prints([3, 8]).reverse());
    expect(new Set(prints([3, 8])).size).toBe(2);
    // Another checkout, the same result.
    const [elsewhere] = resultsOf(
      [jobRecordOf({ diagnostics: [warningOf({ file: '/other/drv/a.c' })] })],
      '/other',
    );
    expect(elsewhere!.partialFingerprints!['kbuildTsDiagnostic/v1']).toBe(prints([3])[0]);
  });

  it('puts the notes of a diagnostic beside it', () => {
    const note = warningOf({ severity: 'note', message: 'declared here', line: 1 });
    const [result] = resultsOf([
      jobRecordOf({ diagnostics: [note, warningOf(), note] }),
      jobRecordOf({ ...arm64, diagnostics: [warningOf(), note] }),
    ]);
    expect(result!.relatedLocations).toMatchObject([
      { id: 0, message: { text: 'declared here' }, physicalLocation: { region: { startLine: 1 } } },
    ]);
  });

  it('tells of what has no place, and of jobs that failed, as notifications', () => {
    const run = runOf(
      manifestOf(
        [
          failedJobOf('BUILD_UNDEFINED_SYMBOL', {
            diagnostics: [{ severity: 'error', message: '"foo" undefined!' }],
          }),
        ],
        { unusable: [{ ref: 'debian:x', error: { code: 'K', message: 'gone', hint: '' } }] },
      ),
    );
    expect(run.results).toEqual([]);
    expect(run.invocations![0]!.executionSuccessful).toBe(false);
    const told = run.invocations![0]!.toolExecutionNotifications!;
    expect(told.map(({ message }) => message.text)).toEqual([
      '"foo" undefined!',
      'hello-6.1.0-56-amd64-x86_64-gcc-12: it failed',
      'kernel debian:x: gone',
    ]);
  });

  it('is a log where nothing was said, and where a compiler has no line', () => {
    expect(resultsOf([])).toEqual([]);
    const [result] = resultsOf([jobRecordOf({ diagnostics: [warningOf({ line: 0, column: 0 })] })]);
    expect(result!.locations![0]!.physicalLocation!.region).toBeUndefined();
  });
});
