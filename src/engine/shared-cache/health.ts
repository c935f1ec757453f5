import type { Emit } from '../../events/event.js';
import type { BlobError } from '../../storage/blobs/blob-store.js';

/** After so many failures nothing more is asked, or put. */
const mostFailures = 3;

export type Direction = 'get' | 'put';

/**
 * How a shared cache fares in one run. Reading and writing are left alone each for itself, since a full
 * disk and a password that may only read are no reason to build what is there; but what does not
 * answer in time is left alone altogether. It is told once.
 */
export class Health {
  failures = 0;
  readonly #failed: Record<Direction, number> = { get: 0, put: 0 };
  readonly #gone = new AbortController();

  constructor(
    readonly address: string,
    readonly emit: Emit,
  ) {}

  /** Aborts when nothing more is to be waited for. */
  get signal(): AbortSignal {
    return this.#gone.signal;
  }

  isGood(direction: Direction): boolean {
    return !this.#gone.signal.aborted && this.#failed[direction] < mostFailures;
  }

  /** Takes note of what the store could not do. */
  note(error: BlobError, direction: Direction): void {
    if (error.fault === 'aborted') return;
    this.failures++;
    this.#failed[direction]++;
    if (error.fault === 'timed-out') this.#gone.abort();
    if (this.failures > 1) return;
    this.emit({
      type: 'warning',
      message: `the shared cache ${this.address} failed: ${error.message}`,
      hint: `What it does not give is built. After ${mostFailures} failures, or when it does not answer in time, this run leaves it alone.`,
    });
  }
}
