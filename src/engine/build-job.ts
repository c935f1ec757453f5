import { join } from 'node:path';
import { loadTar } from '../artifact/collect.js';
import { KbuildError, type ErrorReport } from '../errors/kbuild-error.js';
import type { Diagnostic } from '../events/event.js';
import { dkmsScratch } from '../plan/dkms-recipe.js';
import { labelOf, type Job } from '../plan/job.js';
import { recipe } from '../plan/recipe.js';
import { collectKbuild } from './collect-kbuild.js';
import { collectDkmsBuild } from './dkms/collect-build.js';
import type { DkmsMeaning } from './dkms/record.js';
import { openJobLog } from './job-log.js';
import type { EngineContext } from './engine-context.js';
import { limitFailure, makeFailure } from './failure.js';
import type { JobResult } from './job-result.js';
import { JobStore, type JobFiles, type StoredJob } from './job-store.js';

/** A build that went well: its results are in the store. */
export interface Built {
  stored: StoredJob;
  log: string;
  /** How long the job waited for its image to be made: no time of its own. Milliseconds. */
  waited: number;
  /** Whether other machines may have it: its key names all that went into it. */
  shareable: boolean;
}

/** A build that failed. */
export interface BuildError {
  error: ErrorReport;
  diagnostics: Diagnostic[];
  log: string;
  imageId: string;
  waited: number;
  dkms?: DkmsMeaning;
}

/** An archive that no recipe writes is the build's doing, and its log says more. */
function refused(error: unknown): { error: ErrorReport } {
  if (error instanceof KbuildError && error.code === 'VERIFY_FAILED') {
    return { error: error.toReport() };
  }
  throw error;
}

/**
 * Runs a job's make in isolation, and puts what came out into the store.
 * @throws KbuildError for what could not be run
 */
export async function buildJob(
  job: Job,
  needed: readonly JobResult[],
  parallel: number,
  context: EngineContext,
): Promise<Built | BuildError> {
  const begun = performance.now();
  const runtime = await context.runtime();
  const imageId = await context.imageOf(job);
  const start = performance.now();
  const waited = start - begun;
  const symvers = new Map(
    needed.map((result) => [result.job.id, result.symversDirectory ?? ''] as const),
  );
  const { layout, mounts, asPlanned } = await context.stage.prepare(job, symvers, runtime.kind);
  const log = await openJobLog(job, layout, context);
  let outcome;
  try {
    outcome = await runtime.run(
      {
        image: imageId,
        script: recipe(job, parallel, layout),
        env: job.env,
        mounts,
        profile: 'build',
        title: job.id,
        ...(job.dkms !== undefined && { scratch: dkmsScratch }),
        ...context.limits,
      },
      {
        onLine: log.onLine,
        onStart: () => {
          // While the compiler works: what the verification will need.
          context.symversOf(job);
          void loadTar();
        },
        signal: context.signal,
      },
    );
  } finally {
    await log.close();
  }
  const { diagnostics, tail } = log;
  const ending = { diagnostics, log: log.path, imageId, waited };
  const built = { project: job.source.project, runtime: runtime.kind };
  const end = { outcome, diagnostics, tail, limits: context.limits, built };
  const limit = limitFailure(end);
  if (limit !== undefined) return { error: limit, ...ending };

  context.emit({ type: 'step', job: labelOf(job), step: 'collect' });
  const failure = (exitCode: number) => makeFailure({ ...end, outcome: { ...outcome, exitCode } });
  const collect = job.dkms === undefined ? collectKbuild : collectDkmsBuild;
  const collected = await collect(job, outcome, failure, context).catch(refused);
  if ('error' in collected) return { ...collected, ...ending };
  log.add(collected.diagnostics);
  const files: JobFiles = {
    ...collected.files,
    log: log.path,
    diagnostics: log.storedDiagnostics,
    imageId,
    milliseconds: performance.now() - start,
  };
  // A key must name what was built: if a source changed meanwhile, nobody else may find this.
  const store = asPlanned ? context.store : new JobStore(join(context.scratch, 'jobs'));
  const stored = await store.save(job.key, files);
  return { stored, log: log.path, waited, shareable: asPlanned };
}
