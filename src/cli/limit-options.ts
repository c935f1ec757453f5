import type { Budget } from '../engine/build-slots.js';
import type { JobLimits } from '../engine/engine-context.js';
import { parseDuration, parseSize } from './units.js';

/** What one build may take. */
export const limitOptions = {
  'job-memory': {
    string: true,
    default: '4g',
    requiresArg: true,
    describe: 'Memory limit of each job',
  },
  disk: {
    string: true,
    default: '2g',
    requiresArg: true,
    describe: 'Scratch space of each job; lies in memory',
  },
  timeout: {
    string: true,
    default: '30m',
    requiresArg: true,
    describe: 'Time limit of each job',
  },
} as const;

/** As a command line says. @throws KbuildError USAGE */
export const jobLimits = (
  argv: { 'job-memory': string; disk: string; timeout: string },
  { memoryBytes }: Budget,
): JobLimits => ({
  memoryBytes: Math.min(parseSize(argv['job-memory'], 'job-memory'), memoryBytes),
  diskBytes: parseSize(argv.disk, 'disk'),
  timeoutMs: parseDuration(argv.timeout, 'timeout'),
});
