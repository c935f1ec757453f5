import type { Job } from '../plan/job.js';
import type { JobHistory } from './job-history.js';
import { remainingTime } from './remaining-time.js';

/**
 * How long it takes to build all of these jobs, as earlier builds of their projects tell; undefined
 * where one of them was never built for any kernel.
 * @param slots how many jobs are worked on at once
 * @returns milliseconds
 */
export function expectedTime(
  jobs: readonly Job[],
  history: JobHistory,
  slots: number,
): number | undefined {
  const works = jobs.map((job) => ({ job, expected: history.expect(job) }));
  if (works.some(({ expected }) => expected.from !== 'job' && expected.from !== 'project')) {
    return undefined;
  }
  return remainingTime(
    [],
    works.map(({ job: { id, needs }, expected: { milliseconds } }) => ({
      id,
      needs,
      milliseconds,
    })),
    slots,
  );
}
