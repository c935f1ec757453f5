import { labelOf, type Job } from '../plan/job.js';
import { buildJob } from './build-job.js';
import { excludedBy } from './dkms/failure.js';
import type { EngineContext } from './engine-context.js';
import { diagnosticsIn } from './job-log.js';
import type { JobResult } from './job-result.js';
import { logFile, type StoredJob } from './job-store.js';
import { verifyJob } from './verify-job.js';

type Ending = Omit<JobResult, 'job' | 'milliseconds'> & {
  /** How long the job waited for its image to be made: no time of its own. Milliseconds. */
  waited?: number;
};

/**
 * Runs one job: takes its modules from the store or builds them, then verifies and signs them.
 * @param needed what the jobs that it needs have given, in order
 * @param parallel how many processes its make may run at once
 * @throws KbuildError for what could not be run; a build that fails is a result
 */
export async function runJob(
  job: Job,
  needed: readonly JobResult[],
  parallel: number,
  context: EngineContext,
): Promise<Ending> {
  if (context.useStore) {
    context.emit({ type: 'step', job: labelOf(job), step: 'cache' });
    const stored = await context.store.load(job.key);
    if (stored !== undefined) {
      if (isOfCurrentImage(job, stored, context)) {
        const ending = await finish(job, needed, stored, 'cached', context);
        if (ending.status !== 'failed') return ending;
      }
      // What another image made, or what does not stand up to verification, is built again.
      await context.store.drop(job.key);
    }
  }
  context.emit({ type: 'step', job: labelOf(job), step: 'compile' });
  const built = await buildJob(job, needed, parallel, context);
  if ('error' in built) return { status: 'failed', modules: [], ...built };
  const { stored, log, waited } = built;
  const ending = await finish(job, needed, stored, 'built', context);
  if (ending.status === 'failed') await context.store.drop(job.key);
  return { ...ending, log, waited };
}

/** Whether an entry was made by the image that its job's recipe names now, as far as is known. */
function isOfCurrentImage(job: Job, { imageId }: StoredJob, context: EngineContext): boolean {
  const known = context.knownImageId(job);
  return known === undefined || known === imageId;
}

async function finish(
  job: Job,
  needed: readonly JobResult[],
  stored: StoredJob,
  status: 'built' | 'cached',
  context: EngineContext,
): Promise<Ending> {
  const { imageId, dkms } = stored;
  const kept = {
    diagnostics: stored.diagnostics.map(diagnosticsIn(job)),
    log: logFile(stored),
    imageId,
    symversDirectory: stored.directory,
    ...(dkms !== undefined && { dkms }),
  };
  if (dkms?.excluded !== undefined) {
    return { status: 'skipped', modules: [], error: excludedBy(dkms.excluded), ...kept };
  }
  const verified = await verifyJob(job, needed, stored, context);
  return { status: verified.error === undefined ? status : 'failed', ...verified, ...kept };
}
