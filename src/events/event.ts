import type { ErrorReport } from '../errors/kbuild-error.js';

/** One message of a compiler, of modpost or of make, mapped back to the user's paths. */
export interface Diagnostic {
  severity: 'error' | 'warning' | 'note';
  message: string;
  /** The user's path where the file is the project's; else the path as the compiler named it. */
  file?: string | undefined;
  line?: number | undefined;
  column?: number | undefined;
  /** The option that switches it, for example `-Wunused-variable`. */
  flag?: string | undefined;
}

export type JobStatus = 'built' | 'cached' | 'skipped' | 'failed';

/** What identifies a job to a reader. */
export interface JobLabel {
  id: string;
  project: string;
  release: string;
  arch: string;
  toolchain: string;
}

/** `wait`: for an image, or for a CPU. */
export type JobStep = 'cache' | 'wait' | 'compile' | 'collect' | 'verify' | 'sign';

/**
 * All that happens in a run, in order. The core emits these and prints nothing;
 * a reporter subscribes and prints.
 */
export type Event =
  /** Something that jobs wait for (an image, a kernel) is being made ready. */
  | { type: 'prepare-start'; id: string; title: string }
  | { type: 'prepare-line'; id: string; line: string }
  /** How much of it is done, from 0 to 1. */
  | { type: 'prepare-progress'; id: string; fraction: number; text: string }
  | { type: 'prepare-end'; id: string; milliseconds: number; error?: ErrorReport }
  | { type: 'warning'; message: string; hint: string }
  /** Jobs that are to be done, besides those of earlier ones. */
  | { type: 'plan'; jobs: JobLabel[] }
  | { type: 'job-start'; job: JobLabel }
  | { type: 'step'; job: JobLabel; step: JobStep }
  | { type: 'line'; job: JobLabel; line: string }
  | { type: 'diagnostic'; job: JobLabel; diagnostic: Diagnostic }
  | {
      type: 'job-end';
      job: JobLabel;
      status: JobStatus;
      milliseconds: number;
      error?: ErrorReport;
    }
  /** How many jobs there are, and how many of them have ended, and how. */
  | {
      type: 'progress';
      total: number;
      done: number;
      running: number;
      built: number;
      cached: number;
      failed: number;
      skipped: number;
      /** How long those that are known will take; absent while it would be a mere guess. Milliseconds. */
      remainingMs?: number;
      /** More jobs are to come. */
      more: boolean;
    };

export type Emit = (event: Event) => void;
