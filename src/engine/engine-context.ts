import type { Emit } from '../events/event.js';
import type { KernelConfig } from '../kernel/config.js';
import type { Symvers } from '../kernel/symvers.js';
import type { Job } from '../plan/job.js';
import type { Runtime } from '../runtime/port.js';
import type { Budget, BuildSlots, Claim } from './build-slots.js';
import type { JobHistory } from './job-history.js';
import type { JobStore } from './job-store.js';
import type { ObjectStore } from './objects/object-store.js';
import type { SharedCache } from './shared-cache/shared-cache.js';
import type { Stage } from './stage.js';

/** Limits of each job. */
export interface JobLimits {
  memoryBytes: number;
  diskBytes: number;
  timeoutMs: number;
}

/** Signs a job's modules, and says whether a signature holds. */
export interface JobSigner {
  sign(module: Uint8Array, job: Job): Promise<Uint8Array>;
  verify(module: Uint8Array): Promise<boolean>;
}

/** What jobs run with. */
export interface EngineContext {
  /** Asked only when something must be built: a run that finds all in its store needs no engine. */
  runtime: () => Promise<Runtime>;
  /** The id of the image of a job, made ready. */
  imageOf: (job: Job) => Promise<string>;
  /** The id that the image of a job last had, if it ever was made ready; asks no engine. */
  knownImageId: (job: Job) => string | undefined;
  store: JobStore;
  /** False: build even what the store has. */
  useStore: boolean;
  /** What other machines have built, where the user names such a cache. */
  sharedCache?: SharedCache;
  stage: Stage;
  /** What earlier builds compiled; undefined: all is compiled, and nothing kept. */
  objects?: ObjectStore;
  /** What builds share. */
  budget: Budget;
  /** What earlier builds took. */
  history: JobHistory;
  /** How a job's kernel is configured. */
  configOf: (job: Job) => KernelConfig;
  /** What a job's kernel exports. */
  symversOf: (job: Job) => Symvers;
  signerOf: (job: Job) => JobSigner | undefined;
  limits: JobLimits;
  scratch: string;
  emit: Emit;
  signal: AbortSignal;
}

/** What the builds of one run have besides. */
export interface BuildContext extends EngineContext {
  /** Their turns; made for the first that must be built. */
  slots: () => Promise<BuildSlots>;
  /** What a job wants of the budget. */
  claimOf: (job: Job) => Claim;
}
