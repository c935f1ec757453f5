/** The virtual machines that may run at once: whoever wants one waits for it, first come, first served. */
export class Machines {
  #idle: number;
  readonly #waiting: (() => void)[] = [];

  /** @param count at least one */
  constructor(readonly count: number) {
    this.#idle = count;
  }

  /** How many could be started now. */
  get free(): number {
    return this.#idle;
  }

  /** Does something that needs a machine as long as it goes on. */
  async use<T>(work: () => Promise<T>): Promise<T> {
    if (this.#idle > 0) this.#idle -= 1;
    else await new Promise<void>((resume) => this.#waiting.push(resume));
    try {
      return await work();
    } finally {
      // Handed on, not given back: nobody who comes just now gets before those that wait.
      const next = this.#waiting.shift();
      if (next === undefined) this.#idle += 1;
      else next();
    }
  }
}
