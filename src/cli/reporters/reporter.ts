import type { Event } from '../../events/event.js';

/** Shows a run while it goes on. What it gave is printed when it has ended. */
export interface Reporter {
  onEvent(event: Event): void;
  /** Leaves the terminal as it should be, whatever state the run is in. */
  close(): Promise<void>;
}
