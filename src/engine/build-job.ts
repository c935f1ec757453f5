import { join } from 'node:path';
import { collectModules, loadTar, unpackArchive } from '../artifact/collect.js';
import type { ErrorReport } from '../errors/kbuild-error.js';
import type { Diagnostic } from '../events/event.js';
import { labelOf, type Job } from '../plan/job.js';
import { recipe } from '../plan/recipe.js';
import { openJobLog } from './job-log.js';
import type { EngineContext } from './engine-context.js';
import { buildFailure } from './failure.js';
import type { JobResult } from './job-result.js';
import { JobStore, type JobFiles, type StoredJob } from './job-store.js';

/** A build that went well: its results are in the store. */
export interface Built {
  stored: StoredJob;
  log: string;
  /** How long the job waited for its image to be made: no time of its own. Milliseconds. */
  waited: number;
}

/** A build that failed. */
export interface BuildError {
  error: ErrorReport;
  diagnostics: Diagnostic[];
  log: string;
  imageId: string;
  waited: number;
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
  const failure = buildFailure({ outcome, diagnostics, tail, limits: context.limits });
  if (failure !== undefined) return { error: failure, ...ending };

  context.emit({ type: 'step', job: labelOf(job), step: 'collect' });
  const collected = collectModules(await unpackArchive(outcome.stdout), job.expected);
  const absent = missingModules(job, collected.missing, collected.modules.length);
  if (absent !== undefined) return { error: absent, ...ending };
  const files: JobFiles = {
    modules: collected.modules,
    symvers: collected.symvers ?? '',
    log: log.path,
    diagnostics: log.storedDiagnostics,
    imageId,
    milliseconds: performance.now() - start,
  };
  // A key must name what was built: if a source changed meanwhile, nobody else may find this.
  const store = asPlanned ? context.store : new JobStore(join(context.scratch, 'jobs'));
  return { stored: await store.save(job.key, files), log: log.path, waited };
}

function missingModules(job: Job, missing: string[], found: number): ErrorReport | undefined {
  if (missing.length > 0) {
    return {
      code: 'BUILD_MODULE_MISSING',
      message: `make succeeded, but ${missing.map((name) => `${name}.ko`).join(', ')} did not come out`,
      hint: `Check the names of the modules in ${job.source.project.directory}: those that Kbuild makes stand in its obj-m lines.`,
    };
  }
  if (found > 0) return undefined;
  return {
    code: 'BUILD_NO_MODULES',
    message: 'make succeeded, but no module came out',
    hint: "Is obj-m set for this kernel? A line such as 'obj-$(CONFIG_X) += x.o' builds nothing where CONFIG_X is not set.",
  };
}
