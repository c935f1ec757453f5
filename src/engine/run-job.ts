import { labelOf, type Job } from '../plan/job.js';
import { buildJob } from './build-job.js';
import { excludedBy } from './dkms/failure.js';
import type { BuildContext, EngineContext } from './engine-context.js';
import { diagnosticsIn } from './job-log.js';
import type { JobResult } from './job-result.js';
import { logFile, type StoredJob } from './job-store.js';
import { verifyJob } from './verify-job.js';

type Ending = Omit<JobResult, 'job' | 'milliseconds'>;

/**
 * What the store has of a job, verified (and signed) again.
 * @param needed what the jobs that it needs have given, in order
 * @returns undefined if it must be built
 */
export async function takeStored(
  job: Job,
  needed: readonly JobResult[],
  context: EngineContext,
): Promise<Ending | undefined> {
  if (!context.useStore) return undefined;
  context.emit({ type: 'step', job: labelOf(job), step: 'cache' });
  const stored = await context.store.load(job.key);
  if (stored === undefined) return takeShared(job, needed, undefined, context);
  const isCurrent = isOfCurrentImage(job, stored, context);
  if (isCurrent) {
    const ending = await finish(job, needed, stored, 'cached', context);
    if (ending.status !== 'failed') return { ...ending, cache: 'local' };
  }
  // What another image made, or what does not stand up to verification, is built again.
  await context.store.drop(job.key);
  return takeShared(job, needed, isCurrent ? undefined : stored.imageId, context);
}

/**
 * What a shared cache has for a job, if it stands up to verification. Once in the store it is an entry
 * like any other.
 * @param outdated the image whose result is not wanted any more
 */
async function takeShared(
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
 * Builds a job, then verifies and signs its modules.
 * @throws KbuildError for what could not be run; a build that fails is a result
 */
export async function runBuild(
  job: Job,
  needed: readonly JobResult[],
  context: BuildContext,
): Promise<Ending & { begun: number }> {
  const built = await buildJob(job, needed, context);
  const { log, begun, usage, objects, digests } = built;
  const ran = {
    ...{ begun, log },
    ...(usage && { usage }),
    ...(objects && { objects }),
    ...(digests && { digests }),
  };
  if ('error' in built) {
    const { error, diagnostics, imageId, dkms } = built;
    const known = { error, diagnostics, imageId, ...(dkms !== undefined && { dkms }) };
    return { status: 'failed', modules: [], ...known, ...ran };
  }
  const ending = await finish(job, needed, built.stored, 'built', context);
  if (ending.status === 'failed') await context.store.drop(job.key);
  else if (built.isShareable) context.sharedCache?.offer(job, built.stored);
  return { ...ending, ...ran };
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
