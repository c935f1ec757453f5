import type { Job } from '../plan/job.js';
import type { Claim } from './build-slots.js';
import type { JobHistory } from './job-history.js';

/** What a build is taken to hold of which nothing is known. Bytes. */
const usualMemory = 2 ** 30;

/** Builds vary: more than the last one held is kept free for them. */
const margin = 1.25;

/** Less than any difference between builds. Milliseconds. */
const grain = 1e-6;

/** Says what jobs want of the budget, by what earlier builds of them took. */
export class Claims {
  readonly #history: JobHistory;
  readonly #memoryLimit: number;
  readonly #dependents = new Map<string, Job[]>();
  readonly #weights = new Map<string, number>();
  /** Of what weighs the same, what was planned first goes first. */
  readonly #order = new Map<string, number>();

  /** @param memoryLimit what a single build may hold. Bytes */
  constructor(history: JobHistory, memoryLimit: number) {
    this.#history = history;
    this.#memoryLimit = memoryLimit;
  }

  add(jobs: readonly Job[]): void {
    for (const job of jobs) {
      this.#order.set(job.id, this.#order.size);
      for (const id of job.needs) {
        const others = this.#dependents.get(id) ?? [];
        others.push(job);
        this.#dependents.set(id, others);
      }
    }
  }

  of(job: Job): Claim {
    const { memoryBytes } = this.#history.expect(job);
    const memory = memoryBytes === undefined ? usualMemory : memoryBytes * margin;
    const weight = this.#weightOf(job) - (this.#order.get(job.id) ?? 0) * grain;
    return { weight, memoryBytes: Math.min(memory, this.#memoryLimit) };
  }

  /** How long it takes until a job and all that waits for it are done, if nothing else is in the way. */
  #weightOf(job: Job): number {
    const known = this.#weights.get(job.id);
    if (known !== undefined) return known;
    const after = (this.#dependents.get(job.id) ?? []).map((one) => this.#weightOf(one));
    const weight = this.#history.expect(job).milliseconds + Math.max(0, ...after);
    this.#weights.set(job.id, weight);
    return weight;
  }
}
