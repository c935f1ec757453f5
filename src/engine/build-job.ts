import { join } from 'node:path';
import { loadTar, unpackArchive, type BuiltFile } from '../artifact/collect.js';
import { KbuildError, type ErrorReport } from '../errors/kbuild-error.js';
import type { Diagnostic } from '../events/event.js';
import { dkmsScratch } from '../plan/dkms-recipe.js';
import { labelOf, type Job } from '../plan/job.js';
import { recipe } from '../plan/recipe.js';
import { containerLayout, type Layout } from '../plan/layout.js';
import type { Parallelism } from '../plan/parallelism.js';
import type { Mount, Runtime, Usage } from '../runtime/port.js';
import type { Turn } from './build-slots.js';
import { collectKbuild, type CollectedBuild } from './collect-kbuild.js';
import { collectDkmsBuild } from './dkms/collect-build.js';
import type { DkmsMeaning } from './dkms/record.js';
import { openJobLog } from './job-log.js';
import type { BuildContext, EngineContext } from './engine-context.js';
import { limitFailure, makeFailure } from './failure.js';
import type { JobResult } from './job-result.js';
import { JobStore, type JobFiles, type StoredJob } from './job-store.js';
import {
  beginIncremental,
  type IncrementalBuild,
  type ObjectCounts,
} from './objects/incremental-build.js';
import type { JobInputs } from './stage.js';

/** A build that went well: its results are in the store. */
export interface Built extends Ran {
  stored: StoredJob;
  /** Whether other machines may have it: its key names all that went into it. */
  isShareable: boolean;
}

/** A build that failed. */
export interface BuildError extends Ran {
  error: ErrorReport;
  diagnostics: Diagnostic[];
  dkms?: DkmsMeaning;
}

/** What is to be told of a build that ran, however it ended. */
interface Ran {
  log: string;
  imageId: string;
  /** When it began, after all waiting, on the clock of performance.now(). Milliseconds. */
  begun: number;
  objects?: ObjectCounts;
  usage?: Usage;
  /** Of its sources as they were built, where they changed after it was planned. */
  digests?: readonly string[];
}

/**
 * Runs a job's make in isolation, and puts what came out into the store.
 * @throws KbuildError for what could not be run
 */
export async function buildJob(
  job: Job,
  needed: readonly JobResult[],
  context: BuildContext,
): Promise<Built | BuildError> {
  const built = await buildOnce(job, needed, context);
  if (built !== 'unsound') return built;
  const { objects, ...rest } = context;
  const whole = await buildOnce(job, needed, {
    ...rest,
    ...(objects && { objects: objects.anew() }),
  });
  if (whole === 'unsound') throw new Error('a build of everything has reused an object');
  return whole;
}

/** @returns `unsound` if it took over an object that does not belong to what it was built of */
async function buildOnce(
  job: Job,
  needed: readonly JobResult[],
  context: BuildContext,
): Promise<Built | BuildError | 'unsound'> {
  const runtime = await context.runtime();
  const imageId = await context.imageOf(job);
  const turn = await (await context.slots()).enter(context.claimOf(job));
  try {
    return await buildInTurn(job, needed, { runtime, imageId, turn }, context);
  } finally {
    turn.end();
  }
}

async function buildInTurn(
  job: Job,
  needed: readonly JobResult[],
  { runtime, imageId, turn }: { runtime: Runtime; imageId: string; turn: Turn },
  context: EngineContext,
): Promise<Built | BuildError | 'unsound'> {
  const symvers = new Map(
    needed.map((result) => [result.job.id, result.symversDirectory ?? ''] as const),
  );
  const { parallelism } = turn;
  const inputs = await context.stage.prepare(job, symvers, runtime.kind);
  if (!inputs.asPlanned) {
    context.emit({
      type: 'warning',
      message: `a source of ${job.id} has changed since the run was planned: it is built as it is now, and not cached`,
      hint: 'The next run builds what is on disk then.',
    });
  }
  const incremental = await beginBuild(job, imageId, inputs, context);
  const layout = withPipe(inputs.layout, parallelism, runtime);
  const log = await openJobLog(job, layout, context);
  let begun = 0;
  let outcome;
  try {
    outcome = await runtime.run(
      {
        image: imageId,
        script: recipe(
          job,
          {
            parallelism,
            hasObjects: incremental?.directory !== undefined,
            givesObjects: incremental !== undefined,
          },
          layout,
        ),
        env: job.env,
        mounts:
          runtime.kind === 'host'
            ? []
            : [...inputs.mounts, ...buildMounts(parallelism, incremental?.directory)],
        profile: 'build',
        title: job.id,
        ...(job.dkms !== undefined && { scratch: dkmsScratch }),
        ...context.limits,
      },
      {
        onLine: log.onLine,
        gate: async () => {
          await turn.begin();
          begun = performance.now();
          context.emit({ type: 'job-start', job: labelOf(job) });
          context.emit({ type: 'step', job: labelOf(job), step: 'compile' });
        },
        onStart: () => {
          // While the compiler works: what the verification will need.
          context.symversOf(job);
          void loadTar();
        },
        // The next one need not wait for the engine, nor for what is left to do here.
        onScriptEnd: () => {
          turn.end();
        },
        signal: context.signal,
      },
    );
  } finally {
    turn.end();
    await log.close();
  }
  const { diagnostics, tail } = log;
  const { usage } = outcome;
  const ran = {
    ...{ log: log.path, imageId, begun },
    ...(usage && { usage }),
    ...(!inputs.asPlanned && { digests: inputs.digests }),
  };
  const place = { project: job.source.project, runtime: runtime.kind };
  const end = { outcome, diagnostics, tail, limits: context.limits, built: place };
  const limit = limitFailure(end);
  if (limit !== undefined) return { error: limit, diagnostics, ...ran };

  context.emit({ type: 'step', job: labelOf(job), step: 'collect' });
  const failure = (exitCode: number) => makeFailure({ ...end, outcome: { ...outcome, exitCode } });
  let files: BuiltFile[];
  let collected: CollectedBuild;
  try {
    files = await unpackArchive(outcome.stdout);
    const collect = job.dkms === undefined ? collectKbuild : collectDkmsBuild;
    collected = collect(job, outcome.exitCode, files, failure, context);
  } catch (error) {
    return { error: refusal(error), diagnostics, ...ran };
  }
  const objects = await incremental?.end(files, log.storedDiagnostics);
  if (incremental !== undefined && objects === undefined) return 'unsound';
  const whole = { ...ran, ...(objects && { objects }) };
  if ('error' in collected) return { ...collected, diagnostics, ...whole };
  log.add(collected.diagnostics);
  const jobFiles: JobFiles = {
    ...collected.files,
    log: log.path,
    diagnostics: log.storedDiagnostics,
    imageId,
    milliseconds: performance.now() - begun,
  };
  // A key must name what was built: if a source changed meanwhile, nobody else may find this.
  const store = inputs.asPlanned ? context.store : new JobStore(join(context.scratch, 'jobs'));
  // An object that an earlier build made is this machine's own business.
  const isShareable = inputs.asPlanned && incremental?.directory === undefined;
  return { stored: await store.save(job.key, jobFiles), isShareable, ...whole };
}

/** An archive that no recipe writes is the build's doing, and its log says more. */
function refusal(error: unknown): ErrorReport {
  if (error instanceof KbuildError && error.code === 'VERIFY_FAILED') return error.toReport();
  throw error;
}

/** Somebody works on a directory; an archive stays what it is. */
async function beginBuild(
  job: Job,
  imageId: string,
  { files }: JobInputs,
  { objects, scratch }: EngineContext,
): Promise<IncrementalBuild | undefined> {
  const isWorkedOn = job.dkms === undefined && job.source.project.origin === undefined;
  if (objects === undefined || !isWorkedOn) return undefined;
  return beginIncremental(job, imageId, files, objects, scratch);
}

/** What a container sees besides its inputs. */
function buildMounts(parallelism: Parallelism, objects: string | undefined): Mount[] {
  const mounts: Mount[] = [];
  if ('tokens' in parallelism) {
    mounts.push({ source: parallelism.tokens, target: containerLayout.tokens, writable: true });
  }
  if (objects !== undefined) mounts.push({ source: objects, target: containerLayout.objects });
  return mounts;
}

/** In a container the pipe has its place, on the host it is where it is. */
function withPipe(layout: Layout, parallelism: Parallelism, { kind }: Runtime): Layout {
  if (kind !== 'host' || !('tokens' in parallelism)) return layout;
  return { ...layout, tokens: parallelism.tokens };
}
