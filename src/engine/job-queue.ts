import type { Job } from '../plan/job.js';

/** A job that waits, and for how many others. */
interface Entry {
  job: Job;
  unmet: number;
}

/** The jobs of a run that have not begun: each is ready once all that it needs have ended. */
export class JobQueue {
  readonly #waiting = new Map<string, Entry>();
  readonly #dependents = new Map<string, Entry[]>();
  readonly #ready: Job[] = [];
  readonly #ended = new Set<string>();
  /** Ready jobs before it have been taken. */
  #next = 0;

  /** @param jobs each after those that it needs, as a plan has them */
  add(jobs: readonly Job[]): void {
    for (const job of jobs) {
      const needs = job.needs.filter((id) => !this.#ended.has(id));
      const entry = { job, unmet: needs.length };
      if (needs.length === 0) this.#ready.push(job);
      else this.#waiting.set(job.id, entry);
      for (const id of needs) {
        const others = this.#dependents.get(id) ?? [];
        others.push(entry);
        this.#dependents.set(id, others);
      }
    }
  }

  /** A job that has nothing to wait for. */
  take(): Job | undefined {
    return this.#ready[this.#next++] ?? (this.#next--, undefined);
  }

  /** However it ended: who needs it is told by its result. */
  end(id: string): void {
    this.#ended.add(id);
    for (const entry of this.#dependents.get(id) ?? []) {
      if (--entry.unmet > 0) continue;
      this.#waiting.delete(entry.job.id);
      this.#ready.push(entry.job);
    }
    this.#dependents.delete(id);
  }

  get isEmpty(): boolean {
    return this.#waiting.size === 0 && this.#next === this.#ready.length;
  }
}
