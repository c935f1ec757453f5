import type { Artifact } from '../artifact/manifest-schema.js';
import type { ErrorReport } from '../errors/kbuild-error.js';
import type { Diagnostic, JobStatus } from '../events/event.js';
import type { Job } from '../plan/job.js';

/** A module that is ready to be published. */
export interface FinishedModule {
  artifact: Artifact;
  /** Where its bytes lie now. */
  file: string;
}

/** How a job ended. A job that failed is a value like any other. */
export interface JobResult {
  job: Job;
  status: JobStatus;
  milliseconds: number;
  error?: ErrorReport;
  diagnostics: Diagnostic[];
  modules: FinishedModule[];
  /** The full output of its build, on disk; absent if it never ran. */
  log?: string;
  /** Directory that holds its Module.symvers. */
  symversDirectory?: string;
  imageId?: string;
}
