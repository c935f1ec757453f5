import { setMaxListeners } from 'node:events';
import { join } from 'node:path';
import { asKbuildError, interrupted, type ErrorReport } from '../errors/kbuild-error.js';
import { labelOf, type Job } from '../plan/job.js';
import { BuildSlots, buildPlaces, type Budget } from './build-slots.js';
import { Claims } from './claims.js';
import type { BuildContext, EngineContext } from './engine-context.js';
import { JobQueue } from './job-queue.js';
import { makeJobTokens } from './job-tokens.js';
import { Progress } from './progress.js';
import type { JobResult } from './job-result.js';
import { runBuild, takeStored } from './run-job.js';
import { withProgress } from './with-progress.js';

/** How many jobs are looked up in the store, and verified from it, at once. */
const mostLookups = 8;

export interface RunOptions {
  /** Stop at the first job that fails: what runs is ended, what has not begun is skipped. */
  failFast: boolean;
}

/**
 * The jobs of one run, side by side, each after those that it needs. They may become known bit by bit:
 * those of kernels that are there run while others are fetched.
 */
export class JobRun {
  readonly #context: BuildContext;
  readonly #claims: Claims;
  readonly #progress: Progress;
  #slots: Promise<BuildSlots> | undefined;
  /** Aborted by --fail-fast, or where the rest of the run has failed. */
  readonly #stop = new AbortController();
  readonly #options: RunOptions;
  readonly #interruption: AbortSignal;
  readonly #results = new Map<string, JobResult>();
  readonly #queue = new JobQueue();
  /** Jobs that have been taken from the queue and have not ended. */
  #underWay = 0;
  /** Why what has not ended does not go on, once it is stopped. */
  #notRun = stoppedByFailure;
  #lookups = 0;
  #onChange: () => void = () => undefined;

  constructor(options: RunOptions, context: EngineContext) {
    const signal = AbortSignal.any([context.signal, this.#stop.signal]);
    setMaxListeners(0, signal); // one for each job that runs, and no leak
    this.#claims = new Claims(context.history, context.limits.memoryBytes);
    const { budget, scratch, history, store, useStore } = context;
    this.#progress = new Progress({
      slots: budget.processes,
      expect: (job) => history.expect(job),
      seemsCached: ({ key }) => useStore && store.seemsToHave(key),
    });
    this.#progress.more = true;
    this.#context = {
      ...context,
      signal,
      emit: withProgress(context.emit, this.#progress),
      slots: () => (this.#slots ??= openSlots(budget, scratch, signal)),
      claimOf: (job) => this.#claims.of(job),
    };
    this.#options = options;
    this.#interruption = context.signal;
  }

  /** @param jobs each after those that it needs */
  add(jobs: readonly Job[]): void {
    this.#claims.add(jobs);
    this.#progress.add(jobs);
    this.#queue.add(jobs);
    this.#begin();
  }

  /**
   * Waits for the end of all.
   * @returns a result for each of these jobs, in their order
   * @throws KbuildError INTERRUPTED if the run's signal is aborted
   */
  async end(jobs: readonly Job[]): Promise<JobResult[]> {
    this.#progress.more = false;
    while (this.#underWay > 0 || !(this.#queue.isEmpty || this.#interruption.aborted)) {
      await new Promise<void>((resolve) => {
        this.#onChange = resolve;
      });
    }
    (await this.#slots?.catch(() => undefined))?.close(); // what it failed with, jobs have told
    if (this.#interruption.aborted) throw interrupted();
    return jobs.flatMap(({ id }) => this.#results.get(id) ?? []);
  }

  /** Ends what runs, since nothing will become of the run. */
  async abandon(): Promise<void> {
    this.#notRun = givenUp;
    this.#stop.abort();
    await this.end([]).catch(() => undefined);
  }

  /** Begins with what is ready, as far as may be. */
  #begin(): void {
    while (this.#lookups < mostLookups && !this.#interruption.aborted) {
      const job = this.#queue.take();
      if (job === undefined) break;
      const obstacle = this.#stop.signal.aborted ? this.#notRun : this.#failedNeed(job);
      if (obstacle !== undefined) this.#end(job, { ...unbuilt, error: obstacle });
      else void this.#run(job);
    }
    this.#onChange();
  }

  async #run(job: Job): Promise<void> {
    this.#underWay++;
    const result = await this.#resultOf(job);
    this.#underWay--;
    this.#end(job, result);
    this.#begin();
  }

  async #resultOf(job: Job): Promise<Omit<JobResult, 'job'>> {
    const needed = job.needs.flatMap((id) => this.#results.get(id) ?? []);
    let start = performance.now();
    const measured = () => performance.now() - start;
    try {
      const stored = await this.#lookUp(job, needed);
      if (stored !== undefined) return { milliseconds: measured(), ...stored };
      const { begun, ...built } = await runBuild(job, needed, this.#context);
      start = begun;
      const result = { milliseconds: measured(), ...built };
      this.#remember(job, result);
      return result;
    } catch (error) {
      const failure = asKbuildError(error);
      // Ended by Ctrl-C or by --fail-fast, not by a fault of its own.
      if (failure.code !== 'INTERRUPTED') {
        return {
          ...unbuilt,
          status: 'failed',
          milliseconds: measured(),
          error: failure.toReport(),
        };
      }
      return { ...unbuilt, error: this.#interruption.aborted ? failure.toReport() : this.#notRun };
    }
  }

  /** What a whole build took; one that compiles a part of it says nothing of the next. */
  #remember(job: Job, { status, milliseconds, usage, objects }: Omit<JobResult, 'job'>): void {
    if (status !== 'built' || (objects?.reused ?? 0) > 0) return;
    const time = usage?.cpuMilliseconds ?? milliseconds;
    const memory = usage && { memoryBytes: usage.memoryBytes };
    this.#context.history.record(job, { milliseconds: time, ...memory });
  }

  async #lookUp(job: Job, needed: readonly JobResult[]) {
    this.#lookups++;
    try {
      return await takeStored(job, needed, this.#context);
    } finally {
      this.#lookups--;
      this.#begin(); // the next one, while this one may be built
    }
  }

  #end(job: Job, ending: Omit<JobResult, 'job'>): void {
    const { status, milliseconds, error } = ending;
    this.#results.set(job.id, { job, ...ending });
    this.#queue.end(job.id);
    this.#context.emit({
      type: 'job-end',
      job: labelOf(job),
      status,
      milliseconds,
      ...(error !== undefined && { error }),
    });
    if (status === 'failed' && this.#options.failFast) this.#stop.abort();
  }

  #failedNeed(job: Job): ErrorReport | undefined {
    for (const id of job.needs) {
      const status = this.#results.get(id)?.status;
      if (status !== 'failed' && status !== 'skipped') continue;
      return {
        code: 'BUILD_DEPENDENCY_FAILED',
        message: `not run: it needs the symbols of ${id}, which ${status === 'failed' ? 'failed' : 'was not built'}`,
        hint: status === 'failed' ? 'Mend that one first.' : 'The reason stands at that one.',
      };
    }
    return undefined;
  }
}

async function openSlots(
  budget: Budget,
  scratch: string,
  signal: AbortSignal,
): Promise<BuildSlots> {
  const pipes = await makeJobTokens(join(scratch, 'tokens'), buildPlaces(budget.processes));
  return new BuildSlots(budget, pipes, signal);
}

/** Runs the jobs of a plan. */
export async function runJobs(
  jobs: readonly Job[],
  options: RunOptions,
  context: EngineContext,
): Promise<JobResult[]> {
  const run = new JobRun(options, context);
  run.add(jobs);
  return run.end(jobs);
}

const unbuilt = {
  status: 'skipped',
  milliseconds: 0,
  diagnostics: [],
  modules: [],
} as const satisfies Partial<JobResult>;

const stoppedByFailure: ErrorReport = {
  code: 'INTERRUPTED',
  message: 'not run: another job failed, and --fail-fast was given',
  hint: 'Run without --fail-fast to have all jobs built.',
};

const givenUp: ErrorReport = {
  code: 'INTERRUPTED',
  message: 'not run: the run was given up',
  hint: 'The error at its end says why.',
};
