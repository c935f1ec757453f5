import type { Emit } from '../../events/event.js';
import type { Job } from '../../plan/job.js';

/** So many are told each; of more, how many they are. */
const shown = 3;

/** Entries of a shared cache that were there, and were not what they should have been. */
export class Refusals {
  count = 0;

  constructor(
    readonly address: string,
    readonly emit: Emit,
    readonly readOnly: boolean,
  ) {}

  note({ id, key }: Job, reason: string): void {
    this.count++;
    if (this.count > shown) return;
    this.#warn(
      `the shared cache's entry for ${id} is refused: ${reason} (${this.address}/ac/${key})`,
    );
  }

  close(): void {
    const more = this.count - shown;
    if (more > 0)
      this.#warn(`${more} more entries of the shared cache ${this.address} are refused`);
  }

  #warn(message: string): void {
    const fate = this.readOnly
      ? 'What they are for is built; they stay, since nothing is put there.'
      : 'What they are for is built, and they are replaced.';
    this.emit({
      type: 'warning',
      message,
      hint: `${fate} 'kbuild-ts cache verify' finds all that is damaged in a directory.`,
    });
  }
}
