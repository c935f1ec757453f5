import { setMaxListeners } from 'node:events';
import { availableParallelism } from 'node:os';
import { asKbuildError, interrupted, type ErrorReport } from '../errors/kbuild-error.js';
import { labelOf, type Job } from '../plan/job.js';
import type { EngineContext } from './engine-context.js';
import type { JobResult } from './job-result.js';
import { Progress } from './progress.js';
import { runJob } from './run-job.js';
import { withProgress } from './with-progress.js';

export interface RunOptions {
  /** How many jobs run at once. */
  concurrency: number;
  /** Stop at the first job that fails: what runs is ended, what has not begun is skipped. */
  failFast: boolean;
}

/**
 * Runs jobs side by side, each after those that it needs.
 * @returns a result for every job, in the order of the plan
 * @throws KbuildError INTERRUPTED if the run's signal is aborted
 */
export async function runJobs(
  jobs: readonly Job[],
  options: RunOptions,
  context: EngineContext,
): Promise<JobResult[]> {
  const results = new Map<string, JobResult>();
  const pending = new Set(jobs.toSorted((a, b) => weightOf(b) - weightOf(a)));
  const running = new Set<Promise<void>>();
  const stop = new AbortController();
  const signal = AbortSignal.any([context.signal, stop.signal]);
  setMaxListeners(0, signal); // one for each job that runs, and no leak
  const concurrency = Math.max(1, Math.min(options.concurrency, jobs.length));
  const cpus = availableParallelism();
  const { history, store, useStore } = context;
  const progress = new Progress<Job>({
    slots: concurrency,
    expect: (job) => history.expect(job),
    seemsCached: ({ key }) => useStore && store.seemsToHave(key),
  });
  progress.add(jobs);
  const emit = withProgress(context.emit, progress);

  const end = (result: JobResult) => {
    const { job, status, milliseconds, error } = result;
    results.set(job.id, result);
    if (status === 'built') history.record(job, { milliseconds });
    emit({
      type: 'job-end',
      job: labelOf(job),
      status,
      milliseconds,
      ...(error !== undefined && { error }),
    });
    if (status === 'failed' && options.failFast) stop.abort();
  };

  const start = async (job: Job): Promise<void> => {
    const begun = performance.now();
    emit({ type: 'job-start', job: labelOf(job) });
    const needed = job.needs.flatMap((id) => results.get(id) ?? []);
    // Its share of the CPUs; one of the last jobs need not leave any for those to come.
    const beside = Math.min(concurrency, running.size + 1 + pending.size);
    const parallel = Math.max(1, Math.floor(cpus / beside));
    try {
      const run = { ...context, emit, signal };
      const { waited = 0, ...ending } = await runJob(job, needed, parallel, run);
      end({ job, milliseconds: performance.now() - begun - waited, ...ending });
    } catch (error) {
      const milliseconds = performance.now() - begun;
      const failure = asKbuildError(error);
      // Ended by Ctrl-C or by --fail-fast, not by a fault of its own.
      const status = failure.code === 'INTERRUPTED' ? 'skipped' : 'failed';
      const byFailFast = status === 'skipped' && !context.signal.aborted;
      const report = byFailFast ? notRun : failure.toReport();
      end({ job, status, milliseconds, error: report, diagnostics: [], modules: [] });
    }
  };

  while ((pending.size > 0 || running.size > 0) && !context.signal.aborted) {
    for (const job of pending) {
      if (running.size >= concurrency && !stop.signal.aborted) break;
      const obstacle = stop.signal.aborted ? notRun : failedNeed(job, results);
      const waits = job.needs.some((id) => !results.has(id));
      if (obstacle === undefined && waits) continue;
      pending.delete(job);
      if (obstacle !== undefined) {
        end({
          job,
          status: 'skipped',
          milliseconds: 0,
          error: obstacle,
          diagnostics: [],
          modules: [],
        });
        continue;
      }
      const run: Promise<void> = start(job).finally(() => running.delete(run));
      running.add(run);
    }
    if (running.size > 0) await Promise.race(running);
  }
  await Promise.all(running);
  if (context.signal.aborted) throw interrupted();
  return jobs.flatMap(({ id }) => results.get(id) ?? []);
}

/** What takes long is begun first, or it is all that runs at the end. A guess: files to compile. */
const weightOf = ({ source }: Job): number =>
  source.project.files.filter(({ path }) => /\.[cS]$/.test(path)).length;

const notRun: ErrorReport = {
  code: 'INTERRUPTED',
  message: 'not run: another job failed, and --fail-fast was given',
  hint: 'Run without --fail-fast to have all jobs built.',
};

function failedNeed(job: Job, results: ReadonlyMap<string, JobResult>): ErrorReport | undefined {
  for (const id of job.needs) {
    const status = results.get(id)?.status;
    if (status !== 'failed' && status !== 'skipped') continue;
    return {
      code: 'BUILD_DEPENDENCY_FAILED',
      message: `not run: it needs the symbols of ${id}, which ${status === 'failed' ? 'failed' : 'was not built'}`,
      hint: status === 'failed' ? 'Mend that one first.' : 'The reason stands at that one.',
    };
  }
  return undefined;
}
