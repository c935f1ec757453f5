import { execa } from 'execa';

/** One thing to time: a command line, started as a user would start it. */
export interface Contestant {
  name: string;
  command: [file: string, ...args: string[]];
  env?: Record<string, string>;
  /** Undoes what a run leaves, or makes ready for the next, outside of the time that is measured. */
  reset?: () => Promise<void>;
}

/** Several measurements of the same. */
export interface Sample {
  name: string;
  unit: 's' | 'MiB';
  /** Sorted. */
  values: number[];
  median: number;
}

export function sampleOf(
  name: string,
  values: readonly number[],
  unit: Sample['unit'] = 's',
): Sample {
  const sorted = values.toSorted((a, b) => a - b);
  return { name, unit, values: sorted, median: sorted[Math.floor(sorted.length / 2)] ?? NaN };
}

/** Something that is measured again and again. */
export interface Turn<T> {
  run: () => Promise<T>;
  reset?: (() => Promise<void>) | undefined;
}

export interface Turns {
  /**
   * Measured turns of each. One more comes first and only warms up, unless `warmUp` is false: of
   * what takes most of a minute, the first turn is one of several, and their median forgets it.
   */
  runs: number;
  warmUp?: boolean;
}

/**
 * Runs all side by side: one run of each in turn, so that what else the machine does falls on all of
 * them alike.
 * @returns what each has given, in order
 */
export async function takeTurns<T>(
  turns: readonly Turn<T>[],
  { runs, warmUp = true }: Turns,
): Promise<T[][]> {
  const given = turns.map((): T[] => []);
  for (let turn = warmUp ? 0 : 1; turn <= runs; turn++) {
    for (const [i, { run, reset }] of turns.entries()) {
      const value = await run();
      if (turn > 0) given[i]?.push(value);
      await reset?.();
    }
  }
  return given;
}

/** Runs a command and gives its seconds of wall time; one that fails ends the bench. */
export async function timed({ command, env = {} }: Contestant): Promise<number> {
  const [file, ...args] = command;
  const start = performance.now();
  await execa(file, args, { stdin: 'ignore', maxBuffer: 2 ** 28, env });
  return (performance.now() - start) / 1000;
}

/** Times contestants in turn. */
export async function race(contestants: readonly Contestant[], turns: Turns): Promise<Sample[]> {
  const seconds = await takeTurns(
    contestants.map((one) => ({ run: () => timed(one), reset: one.reset })),
    turns,
  );
  return contestants.map(({ name }, i) => sampleOf(name, seconds[i] ?? []));
}
