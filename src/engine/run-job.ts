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
    const isCurrent = stored !== undefined && isOfCurrentImage(job, stored, context);
    if (stored !== undefined) {
      if (isCurrent) {
        const ending = await finish(job, needed, stored, 'cached', context);
        if (ending.status !== 'failed') return { ...ending, cache: 'local' };
      }
      // What another image made, or what does not stand up to verification, is built again.
      await context.store.drop(job.key);
    }
    const outdated = isCurrent ? undefined : stored?.imageId;
    const shared = await sharedEnding(job, needed, outdated, context);
    if (shared !== undefined) return shared;
  }
  context.emit({ type: 'step', job: labelOf(job), step: 'compile' });
  const built = await buildJob(job, needed, parallel, context);
  if ('error' in built) return { status: 'failed', modules: [], ...built };
  const { stored, log, waited, shareable } = built;
  const ending = await finish(job, needed, stored, 'built', context);
  if (ending.status === 'failed') await context.store.drop(job.key);
  else if (ending.status === 'built' && shareable) context.sharedCache?.offer(job, stored);
  return { ...ending, log, waited };
}

/**
 * What a shared cache has for a job, if it stands up to verification. Once in the store it is an entry
 * like any other.
 * @param outdated the image whose result is not wanted any more
 */
async function sharedEnding(
  job: Job,
  needed: readonly JobResult[],
  outdated: string | undefined,
  context: EngineContext,
): Promise<Ending | undefined> {
  const { sharedCache, store, signal } = context;
  const stored = await sharedCache?.fetch(job, store, signal, outdated);
  if (stored === undefined) return undefined;
  const ending = await finish(job, needed, stored, 'cached', context);
  if (ending.status !== 'failed') return { ...ending, cache: 'shared' };
  await store.drop(job.key);
  sharedCache?.refuse(job, ending.error?.message ?? '');
  return undefined;
}

/**
 * Whether an entry was made by the image that its job's recipe names now, as far as is known. Another
 * machine has made its own image of that recipe.
 */
function isOfCurrentImage(
  job: Job,
  { imageId, imported }: StoredJob,
  context: EngineContext,
): boolean {
  if (imported) return true;
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
