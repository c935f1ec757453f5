import { availableParallelism, freemem } from 'node:os';
import type { Budget } from '../engine/build-slots.js';
import { KbuildError } from '../errors/kbuild-error.js';
import { parseSize } from './units.js';

/** What all builds of a run share, as a command line says. @throws KbuildError USAGE */
export function budgetOf(argv: {
  jobs: number | undefined;
  load?: number | undefined;
  memory?: string | undefined;
}): Budget {
  const { jobs = availableParallelism(), load, memory } = argv;
  if (!(Number.isInteger(jobs) && jobs > 0)) {
    throw usage(`--jobs ${jobs}: not a number of processes`, 'Write --jobs 4 or the like.');
  }
  if (load !== undefined && !(load > 0 && Number.isFinite(load))) {
    throw usage(
      `--load ${load}: no load average that a machine can have`,
      'Write --load 4 or the like.',
    );
  }
  return {
    processes: jobs,
    memoryBytes: memory === undefined ? freemem() : parseSize(memory, 'memory'),
    ...(load !== undefined && { load }),
  };
}

const usage = (message: string, hint: string) => new KbuildError('USAGE', message, hint);
