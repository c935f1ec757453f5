import { describe, expect, it } from 'vitest';
import { recordOf, testCaseOf } from '../../test/support/case-values.js';
import { projectAt } from '../../test/support/job-values.js';
import { kbuildErrorOf } from '../../test/support/kbuild-error-of.js';
import type { Manifest } from '../artifact/manifest-schema.js';
import type { TestRecord } from '../artifact/test-record-schema.js';
import { defaultTests } from '../project/project-tests.js';
import { judgeCase } from '../vm/judge-case.js';
import { chooseCases } from './choose-cases.js';
import { testStatus } from './test.js';

const passed = judgeCase(testCaseOf(['a']), recordOf(['a']));
const failed = judgeCase(testCaseOf(['a']), recordOf(['a'], { leftBehind: ['/proc/a'] }));

function statusOf(cases: TestRecord['cases'], error?: TestRecord['error']) {
  const record = { job: 'a', project: 'a', release: '6.1', arch: 'arm64', cases };
  const tests = [{ ...record, ...(error !== undefined && { error }) }];
  return testStatus({ jobs: [], tests } as unknown as Manifest);
}

describe('testStatus', () => {
  it('is 1 for a case that failed, and 4 where a virtual machine could not be run', () => {
    expect(statusOf([passed])).toBe(0);
    expect(statusOf([passed, failed])).toBe(1);
    expect(statusOf([failed], { code: 'VM_FAILED', message: 'm', hint: 'h' })).toBe(4);
  });
});

describe('chooseCases', () => {
  const one = { ...defaultTests().cases[0]! };
  const cases = ['fast', 'slow'].map((name) => ({ ...one, name }));
  const configured = projectAt('/a', { files: [], tests: { ...defaultTests(), cases } });
  const plain = projectAt('/b', { files: [] });
  const names = (globs: string[]) =>
    [...chooseCases([configured, plain], globs).values()].map((tests) =>
      tests.cases.map(({ name }) => name),
    );

  it('takes all, or those whose names match; a project without one is left out', () => {
    expect(names([])).toEqual([['fast', 'slow'], ['load']]);
    expect(names(['s*', 'load'])).toEqual([['slow'], ['load']]);
    expect(names(['?ast'])).toEqual([['fast']]);
  });

  it('refuses a glob that no case matches, and says which there are', async () => {
    const error = await kbuildErrorOf(() => Promise.resolve(names(['fats'])));
    expect(error).toMatchObject({ code: 'USAGE' });
    expect(error.hint).toBe("Did you mean 'fast'? Known cases: fast, slow, load.");
  });
});
