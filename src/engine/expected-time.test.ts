import { describe, expect, it } from 'vitest';
import { jobOf, kdirOf, projectOf } from '../../test/support/job-values.js';
import { temporaryDirectory } from '../../test/support/temporary-directory.js';
import { expectedTime } from './expected-time.js';
import { JobHistory } from './job-history.js';

describe('expectedTime', () => {
  const project = projectOf();
  const [arm64, x86] = (['arm64', 'x86_64'] as const).map((arch) => jobOf(project, kdirOf(arch)));

  it('is what builds took, on so many CPUs', () => {
    const history = JobHistory.load(temporaryDirectory());
    history.record(arm64!, { milliseconds: 3000 });
    history.record(x86!, { milliseconds: 2000 });
    expect(expectedTime([arm64!, x86!], history, 1)).toBe(5000);
    expect(expectedTime([arm64!, x86!], history, 2)).toBe(3000);
    expect(expectedTime([], history, 2)).toBe(0);
  });

  it('takes what a project took for another kernel, and guesses nothing', () => {
    const history = JobHistory.load(temporaryDirectory());
    expect(expectedTime([arm64!], history, 1)).toBeUndefined();
    history.record(arm64!, { milliseconds: 3000 });
    expect(expectedTime([x86!], history, 1)).toBe(3000);
    const other = jobOf(projectOf(undefined, { name: 'other' }));
    expect(expectedTime([arm64!, other], history, 1)).toBeUndefined();
  });
});
