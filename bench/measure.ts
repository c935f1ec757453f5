import { execa } from 'execa';

/** One thing to time: a command line, started as a user would start it. */
export interface Contestant {
  name: string;
  command: [file: string, ...args: string[]];
  /** Undoes what a run leaves, outside of the time that is measured. */
  reset?: () => Promise<void>;
}

export interface Timing {
  name: string;
  /** Seconds of wall time, sorted. */
  seconds: number[];
  median: number;
}

/**
 * Times contestants side by side: one run of each in turn, so that what else the machine does
 * falls on all of them alike. The first turn only warms up.
 */
export async function race(contestants: Contestant[], runs: number): Promise<Timing[]> {
  const seconds = new Map(contestants.map(({ name }) => [name, [] as number[]]));
  for (let turn = 0; turn <= runs; turn++) {
    for (const { name, command, reset } of contestants) {
      const [file, ...args] = command;
      const start = performance.now();
      await execa(file, args, { stdin: 'ignore', maxBuffer: 2 ** 28 });
      const elapsed = (performance.now() - start) / 1000;
      if (turn > 0) seconds.get(name)?.push(elapsed);
      await reset?.();
    }
  }
  return [...seconds].map(([name, times]) => {
    const sorted = times.sort((a, b) => a - b);
    return { name, seconds: sorted, median: sorted[Math.floor(sorted.length / 2)] ?? NaN };
  });
}
