import type { JobStatus } from '../../events/event.js';

/** A matrix of more jobs than this gets no line for each one that cost nothing. */
const mostLines = 50;

/** So many of them are told of at once at most, and so long they are kept back. Milliseconds. */
const [mostKept, longestKept] = [1000, 2000];

/** A row of jobs that ended in the same way, one after the other. */
export interface Row {
  status: JobStatus;
  /** Which ones of all they were, as they ended. */
  first: number;
  last: number;
  /** Of the first. */
  id: string;
  since: number;
}

/** Keeps back what is told of jobs that were not built, to tell it of many at once. */
export class QuietJobs {
  #row: Row | undefined;

  /** Whether a job's end is told with those of others. */
  takes(status: JobStatus, total: number): boolean {
    return total > mostLines && (status === 'cached' || status === 'skipped');
  }

  /** @returns the row that is to be told now, if that is so */
  add(status: JobStatus, number: number, id: string): Row | undefined {
    const now = performance.now();
    const row = this.#row;
    if (row?.status === status) {
      row.last = number;
      const full = number - row.first >= mostKept - 1 || now - row.since > longestKept;
      return full ? this.take() : undefined;
    }
    this.#row = { status, first: number, last: number, id, since: now };
    return row;
  }

  /** The row that was kept back. */
  take(): Row | undefined {
    const row = this.#row;
    this.#row = undefined;
    return row;
  }
}
