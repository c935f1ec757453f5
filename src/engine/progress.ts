import type { Event, JobStatus } from '../events/event.js';
import type { Job } from '../plan/job.js';
import type { Expectation, HistoricJob } from './job-history.js';
import { Pace } from './pace.js';
import { remainingTime, type Work } from './remaining-time.js';

export type ProgressEvent = Extract<Event, { type: 'progress' }>;

/** What progress needs to know of a job. */
export type ProgressJob = HistoricJob & Pick<Job, 'id' | 'needs'>;

export interface ProgressOptions<J extends ProgressJob> {
  /** How many jobs are worked on at once. */
  slots: number;
  /** What a build of a job takes; asked when an estimate is first needed. */
  expect: (job: J) => Expectation;
  /** Whether the cache seems to have a job: looked up in no time, and no promise. */
  seemsCached?: (job: J) => boolean;
  /** Milliseconds of a clock that never jumps. */
  now?: () => number;
}

interface State<J> {
  job: J;
  phase: 'pending' | 'running' | 'waiting';
  /** Whether it is known to be no job of the cache. */
  builds: boolean;
  /** When it began to be worked on. */
  begun: number;
  expected?: Expectation;
  seemsCached?: boolean;
}

/** How much of what remains may be mere guesses in an estimate that is told. */
const mostGuessed = 0.2;

/** What is over its time takes this part of its time longer: nobody knows how much. */
const overtime = 1 / 8;

/** An estimate is made anew so often at most. Milliseconds. */
const grain = 250;

/** And so seldom that it costs no more than this part of a CPU. */
const costs = 0.01;

/** Counts the jobs of a run, and estimates how long the rest will take. */
export class Progress<J extends ProgressJob = Job> {
  /** More jobs are to come, of which nothing is known yet. */
  more = false;
  #total = 0;
  #running = 0;
  readonly #ended: Record<JobStatus, number> = { built: 0, cached: 0, failed: 0, skipped: 0 };
  readonly #open = new Map<string, State<J>>();
  /** How many of those turned out to be built, and not cached, of which it was not known before. */
  readonly #fates = { built: 0, cached: 0 };
  readonly #remembered = new Pace(1);
  readonly #guessed = new Pace(0);
  #estimate: { at: number; next: number; milliseconds: number | undefined } | undefined;
  readonly #now: () => number;

  constructor(readonly options: ProgressOptions<J>) {
    this.#now = options.now ?? (() => performance.now());
  }

  /** Jobs that are to be done, besides those that are known already. */
  add(jobs: readonly J[]): void {
    for (const job of jobs) {
      this.#open.set(job.id, { job, phase: 'pending', builds: false, begun: 0 });
    }
    this.#total += jobs.length;
    this.#estimate = undefined;
  }

  /** A job is worked on: it is looked for in the cache, or built. */
  start(id: string): void {
    this.#enter(id, 'running');
  }

  /** A job waits for an image or a CPU, which is no work of its own. */
  wait(id: string): void {
    this.#enter(id, 'waiting');
  }

  /** A job is built: the cache does not have it. */
  build(id: string): void {
    const state = this.#enter(id, 'running');
    if (state === undefined || state.builds) return;
    state.builds = true;
    this.#fates.built++;
  }

  /** @param milliseconds how long it took, without waiting */
  end(id: string, status: JobStatus, milliseconds: number): void {
    const state = this.#open.get(id);
    if (state === undefined) return;
    this.#open.delete(id);
    if (state.phase !== 'pending') this.#running--;
    this.#ended[status]++;
    if (status === 'cached') this.#fates.cached++;
    if (status !== 'built') return;
    const { job } = state;
    const { known, milliseconds: expected } = this.#expectationOf(state);
    (known ? this.#remembered : this.#guessed).add(job.project, expected, milliseconds);
  }

  /** What is told of it now. */
  event(): ProgressEvent {
    const { built, cached, failed, skipped } = this.#ended;
    const remainingMs = this.remainingMs();
    return {
      type: 'progress',
      total: this.#total,
      done: built + cached + failed + skipped,
      running: this.#running,
      ...this.#ended,
      ...(remainingMs !== undefined && { remainingMs }),
      more: this.more,
    };
  }

  /**
   * How long it takes until all jobs that are known have ended. Undefined where that would be a mere
   * guess: as long as it is not known of any job whether the cache has it; while all that is worked
   * on waits; and where jobs matter of which nothing was ever built, until one such was.
   */
  remainingMs(): number | undefined {
    const now = this.#now();
    if (this.#open.size === 0) return this.more ? undefined : 0;
    if (this.#estimate === undefined || now >= this.#estimate.next) {
      const milliseconds = this.#estimateAt(now);
      const spent = this.#now() - now;
      this.#estimate = { at: now, next: now + Math.max(grain, spent / costs), milliseconds };
    }
    const { at, milliseconds } = this.#estimate;
    return milliseconds === undefined ? undefined : Math.max(0, milliseconds - (now - at));
  }

  #enter(id: string, phase: 'running' | 'waiting'): State<J> | undefined {
    const state = this.#open.get(id);
    if (state === undefined) return undefined;
    if (state.phase === 'pending') this.#running++;
    state.phase = phase;
    state.begun = this.#now();
    return state;
  }

  #expectationOf(state: State<J>): Expectation {
    return (state.expected ??= this.options.expect(state.job));
  }

  #estimateAt(now: number): number | undefined {
    const states = [...this.#open.values()];
    const running = states.filter(({ phase }) => phase !== 'pending');
    if (running.length > 0 && running.every(({ phase }) => phase === 'waiting')) return undefined;
    const likely = this.#likelihood();
    if (likely === undefined) return undefined;
    const ratioOfKnown = this.#ratios(this.#remembered, true, running, now);
    const ratioOfGuess = this.#ratios(this.#guessed, false, running, now);
    let [all, guessed] = [0, 0];
    const works: Record<'running' | 'pending', Work[]> = { running: [], pending: [] };
    for (const state of states) {
      const { job, phase, begun } = state;
      const { known, milliseconds: expected } = this.#expectationOf(state);
      const ratio = (known ? ratioOfKnown : ratioOfGuess)(job.project);
      const whole = expected * ratio * (state.builds ? 1 : likely(state));
      const elapsed = phase === 'running' ? now - begun : 0;
      all += whole;
      if (!known) guessed += whole;
      works[phase === 'pending' ? 'pending' : 'running'].push({
        id: job.id,
        milliseconds: Math.max(whole - elapsed, elapsed * overtime),
        needs: job.needs,
      });
    }
    if (this.#guessed.builds === 0 && guessed > all * mostGuessed) return undefined;
    return remainingTime(works.running, works.pending, this.options.slots);
  }

  #ratios(
    pace: Pace,
    known: boolean,
    running: readonly State<J>[],
    now: number,
  ): (project: string) => number {
    const late = running.flatMap((state) => {
      const expectation = this.#expectationOf(state);
      const actual = state.phase === 'running' ? now - state.begun : 0;
      const { milliseconds: expected } = expectation;
      return expectation.known === known && actual > expected ? [{ expected, actual }] : [];
    });
    return pace.ratios(late);
  }

  /**
   * How likely a job is to be built, of which nothing is known for sure: as the cache seems to have
   * it; else as those were of which it became known in this run.
   */
  #likelihood(): ((state: State<J>) => number) | undefined {
    const { seemsCached } = this.options;
    if (seemsCached !== undefined) {
      return (state) => ((state.seemsCached ??= seemsCached(state.job)) ? 0 : 1);
    }
    const { built, cached } = this.#fates;
    if (built + cached === 0) return undefined;
    const share = (built + 1) / (built + cached + 1);
    return () => share;
  }
}
