import { shellQuote } from '../runtime/shell.js';

/** How many processes a build's make may run at once. */
export type Parallelism = (
  | { processes: number }
  /** One, and as many more as it gets tokens from the named pipe at this path of the host. */
  | { tokens: string }
) & {
  /** make's -l: with a load above it, it starts no process beside others. */
  load?: number;
};

/** The descriptor on which make finds its pipe. */
const descriptor = 9;

/** What make is told on its command line. */
export function parallelWords(parallelism: Parallelism): string[] {
  if ('tokens' in parallelism) return []; // a number of its own would take it out of the pool
  const { processes, load } = parallelism;
  return [`-j${processes}`, ...(load === undefined ? [] : [`-l${load}`])];
}

/**
 * MAKEFLAGS by which GNU make 4.2 and later joins a jobserver, as a make gives them to those below it:
 * empty without one.
 */
export function tokenFlags(parallelism: Parallelism): string {
  if (!('tokens' in parallelism)) return '';
  const load = parallelism.load === undefined ? '' : ` -l${parallelism.load}`;
  return ` -j${load} --jobserver-auth=${descriptor},${descriptor}`;
}

/** The lines of a shell script after which make joins the jobserver. @param path of the pipe there */
export function joinJobserver(parallelism: Parallelism, path: string): string[] {
  const flags = tokenFlags(parallelism);
  if (flags === '') return [];
  return [`exec ${descriptor}<>${shellQuote(path)}`, `export MAKEFLAGS=${shellQuote(flags)}`];
}
