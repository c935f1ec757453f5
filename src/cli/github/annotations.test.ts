import { describe, expect, it } from 'vitest';
import { judgeCase } from '../../vm/judge-case.js';
import { loaded, recordOf, testCaseOf } from '../../../test/support/case-values.js';
import {
  failedJobOf,
  jobRecordOf,
  manifestOf,
  warningOf,
} from '../../../test/support/manifest-values.js';
import { annotationsOf, mostAnnotations } from './annotations.js';

const arm64 = { release: '6.1.0-56-arm64', arch: 'arm64' };
const error = warningOf({ severity: 'error', flag: undefined, message: "'y' undeclared" });

describe('annotationsOf', () => {
  it('has each diagnostic once, at its place in the workspace, errors first', () => {
    const diagnostics = [warningOf(), error];
    const annotations = annotationsOf(
      manifestOf([
        failedJobOf('BUILD_COMPILE_ERROR', { diagnostics }),
        failedJobOf('BUILD_COMPILE_ERROR', { ...arm64, diagnostics }),
      ]),
      '/ws',
    );
    const kernels = 'for 6.1.0-56-amd64 (x86_64), 6.1.0-56-arm64 (arm64)';
    const place = { file: 'drv/a.c', line: 3, column: 5 };
    expect(annotations).toEqual([
      {
        level: 'error',
        ...place,
        title: 'hello: compiler error',
        message: `'y' undeclared\n${kernels}`,
      },
      {
        level: 'warning',
        ...place,
        title: 'hello: -Wunused-variable',
        message: `unused variable 'x' [-Wunused-variable]\n${kernels}`,
      },
    ]);
  });

  it('names a file that is not checked out in the text', () => {
    const [annotation] = annotationsOf(
      manifestOf([jobRecordOf({ diagnostics: [warningOf({ file: './include/linux/fs.h' })] })]),
      '/ws',
    );
    expect(annotation).not.toHaveProperty('file');
    expect(annotation!.message).toContain('./include/linux/fs.h:3:5: warning: unused');
  });

  it('tells of jobs, kernels and cases that failed, and of no job twice', () => {
    const failed = judgeCase(
      testCaseOf(['hello']),
      recordOf(['hello'], { loads: [loaded('hello', { error: 'EINVAL' })], unloads: [] }),
    );
    const annotations = annotationsOf(
      manifestOf(
        [
          failedJobOf('VERIFY_FAILED', {}, 'hello.ko: symbols: no foo'),
          failedJobOf('BUILD_COMPILE_ERROR', { project: 'b', diagnostics: [error] }),
        ],
        {
          tests: [
            {
              job: 'j',
              project: 'p',
              release: 'r',
              arch: 'a',
              accelerator: 'tcg',
              cases: [failed],
            },
          ],
          unusable: [{ ref: 'debian:x', error: { code: 'K', message: 'gone', hint: 'List.' } }],
        },
      ),
      '/ws',
    );
    expect(annotations.map(({ title }) => title)).toEqual([
      'b: compiler error',
      'hello-6.1.0-56-amd64-x86_64-gcc-12: VERIFY_FAILED',
      'j: load failed',
      'kernel debian:x: K',
    ]);
    expect(annotations[1]!.message).toBe('hello.ko: symbols: no foo\nMend it.');
  });

  it('has no more than GitHub shows, and says how many more there are', () => {
    const many = Array.from({ length: 25 }, (_, i) => [
      warningOf({ line: i + 1 }),
      { ...error, line: i + 1 },
    ]).flat();
    const annotations = annotationsOf(manifestOf([jobRecordOf({ diagnostics: many })]), '/ws');
    for (const level of ['error', 'warning'] as const) {
      const own = annotations.filter((one) => one.level === level);
      expect(own).toHaveLength(mostAnnotations);
      expect(own.at(-1)!.message).toMatch(/^16 more/);
    }
  });
});
