/** What was expected of builds, and what they took. Milliseconds. */
interface Sums {
  expected: number;
  actual: number;
  builds: number;
}

const nothing: Sums = { expected: 0, actual: 0, builds: 0 };

/**
 * How the builds of this run compare with what was expected of them: a machine may be busier than it
 * was, and the sources of a project may have changed.
 */
export class Pace {
  #all = nothing;
  readonly #projects = new Map<string, Sums>();

  /** @param trust how many builds an expectation weighs as much as, against those of this run */
  constructor(readonly trust: number) {}

  /** How many builds it knows of. */
  get builds(): number {
    return this.#all.builds;
  }

  add(project: string, expected: number, actual: number): void {
    this.#all = plus(this.#all, expected, actual);
    this.#projects.set(project, plus(this.#projects.get(project) ?? nothing, expected, actual));
  }

  /**
   * By what to multiply what is expected of a project's builds.
   * @param late what is expected of builds that still run, and how long they have taken already
   */
  ratios(late: readonly Pick<Sums, 'expected' | 'actual'>[]): (project: string) => number {
    let all = this.#all;
    for (const { expected, actual } of late) all = plus(all, expected, actual);
    if (all.expected === 0) return () => 1;
    const usual = all.expected / all.builds;
    const trusted = this.trust * usual;
    const overall = (all.actual + trusted) / (all.expected + trusted);
    return (project) => {
      const { expected, actual } = this.#projects.get(project) ?? nothing;
      return (actual + overall * usual) / (expected + usual);
    };
  }
}

const plus = (sums: Sums, expected: number, actual: number): Sums => ({
  expected: sums.expected + expected,
  actual: sums.actual + actual,
  builds: sums.builds + 1,
});
