import type { Artifact } from '../artifact/manifest-schema.js';
import type { ErrorReport } from '../errors/kbuild-error.js';
import type { Diagnostic, JobStatus } from '../events/event.js';
import type { ExportedSymbol } from '../module/exports.js';
import type { DkmsMeaning } from './dkms/record.js';
import type { Job } from '../plan/job.js';
import type { Usage } from '../runtime/port.js';
import type { ObjectCounts } from './objects/incremental-build.js';

/** What a module gives to others, as its own file says. */
export interface ModuleExports {
  /** As it calls itself, or as its file is called. */
  name: string;
  exports: readonly ExportedSymbol[];
  /** Its licence is not compatible with the GPL. */
  proprietary: boolean;
}

/** A module that is ready to be published. */
export interface FinishedModule {
  artifact: Artifact;
  offers: ModuleExports;
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
  /** Directory that holds its Module.symvers: what compilers are given, and no proof of anything. */
  symversDirectory?: string;
  imageId?: string;
  /** What its build took; absent if nothing was built, or if the runtime cannot tell. */
  usage?: Usage;
  /** What was compiled, and what an earlier build had compiled; absent if nothing was built. */
  objects?: ObjectCounts;
  /** Of its sources as they were built, where they changed after it was planned; else its own say it. */
  digests?: readonly string[];
  /** Of a cached job: where it was found. */
  cache?: 'local' | 'shared';
  /** What its dkms.conf means, for a DKMS source that was evaluated. */
  dkms?: DkmsMeaning;
}
