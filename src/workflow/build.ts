import { join } from 'node:path';
import { readFileSync } from 'node:fs';
import type { JobRecord, Manifest } from '../artifact/manifest-schema.js';
import { checkOutput, outputFailed } from '../artifact/check-output.js';
import { publish, type Publication } from '../artifact/publish.js';
import { packageVersion } from '../data/package-root.js';
import type { EngineContext, JobLimits, JobSigner } from '../engine/engine-context.js';
import { answersOf } from '../engine/dkms/answers.js';
import type { JobResult } from '../engine/job-result.js';
import type { Budget } from '../engine/build-slots.js';
import { JobHistory } from '../engine/job-history.js';
import { JobStore } from '../engine/job-store.js';
import { ObjectStore } from '../engine/objects/object-store.js';
import { JobRun, type RunOptions } from '../engine/run-jobs.js';
import { Stage } from '../engine/stage.js';
import type { ErrorCode, ExitStatus } from '../errors/codes.js';
import { exitStatus } from '../errors/gravest.js';
import { parseKernelConfig } from '../kernel/config.js';
import { parseSymvers } from '../kernel/symvers.js';
import { labelOf, type Job } from '../plan/job.js';
import type { Signing } from '../project/project.js';
import type { SignatureHash, Signer } from '../release/signer.js';
import { toolchainByName } from '../toolchain/toolchain.js';
import { withoutCollisions } from './collisions.js';
import { inputsOf } from './job-inputs.js';
import { openSharedCache, type SharedCacheRequest } from './open-shared-cache.js';
import { Planning, type PlanRequest } from './plan.js';
import { recordedOptions } from './recorded-options.js';
import { checkReports, writeReports, type ReportFiles } from './report-files.js';
import type { Session } from './session.js';

export interface BuildRequest extends PlanRequest, RunOptions {
  limits: JobLimits;
  /** What all builds share. */
  budget: Budget;
  /** False: compile all, also what an earlier build has compiled, and keep no objects. */
  incremental: boolean;
  /** False: build even what the job cache has, and leave nothing in it. */
  useCache: boolean;
  /** Build what the caches have, all of it anew, and replace it. */
  rebuild?: boolean;
  /** A cache that several machines share; only used with the job cache. */
  sharedCache?: SharedCacheRequest;
  /** Opens the keys of a project, before anything is built with them; default: as they are. */
  openSigner?: (signing: Signing) => Promise<Signer>;
  /** Files to write for other programs. */
  reports?: ReportFiles;
}

export interface BuildReport {
  manifest: Manifest;
  exitStatus: ExitStatus;
}

/** What was built, before any of it is in the output directory. */
export interface Unpublished {
  manifest: Manifest;
  results: JobResult[];
  files: Publication[];
  /** Of jobs and of kernels. */
  failures: ErrorCode[];
}

/** Plans, builds, verifies, signs and publishes. A job that fails is in the report. */
export async function build(request: BuildRequest, session: Session): Promise<BuildReport> {
  const { reports = {} } = request;
  checkReports(reports);
  const { manifest, files, failures } = await buildUnpublished(request, session);
  await publishAll(files, manifest);
  await writeReports(reports, manifest);
  return { manifest, exitStatus: exitStatus(failures) };
}

/**
 * Puts what a run made into its output directory.
 * @throws KbuildError STORAGE_FAILED
 */
export async function publishAll(files: Publication[], manifest: Manifest): Promise<void> {
  await publish(manifest.output, files, manifest).catch((error: unknown) => {
    throw outputFailed(manifest.output, error);
  });
}

/**
 * The same, but for publishing. What is planned is built while the kernels of the rest are fetched.
 * @param planning how its jobs become known; default: as the request says
 */
export async function buildUnpublished(
  request: BuildRequest,
  session: Session,
  planning: Pick<Planning, 'steps' | 'whole'> = new Planning(request, session),
): Promise<Unpublished> {
  const startedAt = new Date().toISOString();
  const start = performance.now();
  const sharedCache = await openSharedCache(request, session);
  const signers = new Map<Signing, Signer>();
  const context = {
    ...engineContext(request, session, signers),
    ...(sharedCache !== undefined && { sharedCache }),
  };
  const run = new JobRun(request, context);
  let output: string | undefined;
  try {
    for await (const jobs of planning.steps()) {
      if (output === undefined) {
        output = jobs[0]?.source.project.output ?? '';
        checkOutput(output);
        if (request.runtime === 'host') warnOfBuildDeps(jobs, session);
      }
      await addSigners(signers, jobs, request);
      session.emit({ type: 'plan', jobs: jobs.map(labelOf) });
      run.add(jobs);
    }
  } catch (error) {
    await run.abandon();
    await Promise.all([context.history.save(), sharedCache?.close()]);
    throw error;
  }
  const { jobs, unusable } = planning.whole();
  const ended = await run.end(jobs).finally(() => context.history.save());
  const results = withoutCollisions(ended);
  const sharing = await sharedCache?.close();
  const failures = [
    ...unusable.map(({ error }) => error.code),
    ...results.flatMap(({ status, error }) =>
      error !== undefined && status === 'failed' ? [error.code] : [],
    ),
  ];
  const files = results.flatMap(publications);
  const manifest: Manifest = {
    schemaVersion: 1,
    tool: { name: 'kbuild-ts', version: packageVersion() },
    output: output ?? '',
    startedAt,
    milliseconds: performance.now() - start,
    status: failures.length === 0 ? 'succeeded' : 'failed',
    options: recordedOptions(request),
    jobs: results.map(jobRecord),
    ...(sharing !== undefined && { sharedCache: sharing }),
    ...(unusable.length > 0 && {
      unusable: unusable.map((kernel) => ({ ...kernel, error: kernel.error.toReport() })),
    }),
  };
  return { manifest, results, files, failures };
}

/** On the host nothing is installed: that is for whoever looks after the machine. */
function warnOfBuildDeps(jobs: readonly Job[], { emit }: Session): void {
  const packages = [...new Set(jobs.flatMap(({ source }) => source.project.buildDeps))].sort();
  if (packages.length === 0) return;
  emit({
    type: 'warning',
    message: `--runtime host installs nothing: the build needs ${packages.join(', ')} on this machine`,
    hint: `Install by hand what is not there, or leave '--runtime host' out: an image has them then.`,
  });
}

function engineContext(
  request: BuildRequest,
  session: Session,
  signers: ReadonlyMap<Signing, Signer>,
): EngineContext {
  const { scratch, emit, signal, cache } = session;
  const configOf = eachFileOnce(parseKernelConfig);
  const symversOf = eachFileOnce(parseSymvers);
  // A job's key names its image. On the host the compiler is what happens to be installed.
  const useCache = request.useCache && request.runtime === 'docker';
  const objects = join(cache, 'objects');
  return {
    runtime: session.runtime,
    imageOf: async ({ toolchain, source }) =>
      request.runtime === 'host'
        ? ''
        : (await session.toolchainImage(toolchainByName(toolchain), source.project.buildDeps)).id,
    knownImageId: ({ image }) => session.knownImageId(image),
    store: new JobStore(useCache ? join(cache, 'jobs') : join(scratch, 'jobs'), request.rebuild),
    useStore: useCache && request.rebuild !== true,
    stage: new Stage(scratch),
    ...(useCache && request.incremental && { objects: new ObjectStore(objects, request.rebuild) }),
    budget: request.budget,
    history: JobHistory.load(cache),
    configOf: ({ kdir }) => configOf(kdir.configPath),
    symversOf: ({ kdir }) => symversOf(kdir.symversPath),
    signerOf: ({ source }) => {
      const signer = source.project.signing && signers.get(source.project.signing);
      return signer && jobSigner(signer);
    },
    limits: request.limits,
    scratch,
    emit,
    signal,
  };
}

/** Reads and parses a file when it is first asked for. */
function eachFileOnce<T>(parse: (text: string) => T): (path: string) => T {
  const parsed = new Map<string, T>();
  return (path) => {
    const known = parsed.get(path) ?? parse(readFileSync(path, 'utf8'));
    parsed.set(path, known);
    return known;
  };
}

/** Signs with the hash that the project names, else the one that the kernel's own build uses. */
function jobSigner(signer: Signer): JobSigner {
  return {
    sign: (module, { kdir }) =>
      signer.sign(module, signer.hash ?? ((kdir.signing.hash ?? 'sha512') as SignatureHash)),
    verify: (module) => signer.verify(module),
  };
}

/** Reads the keys before anything is built with them: a wrong one is found at once. */
async function addSigners(
  signers: Map<Signing, Signer>,
  jobs: readonly Job[],
  { openSigner }: BuildRequest,
): Promise<void> {
  for (const { source } of jobs) {
    const { signing } = source.project;
    if (signing === undefined || signers.has(signing)) continue;
    const { createSigner } = await import('../release/signer.js');
    signers.set(signing, await (openSigner ?? createSigner)(signing));
  }
}

const logPath = ({ id }: Job): string => `logs/${id}.log`;

function publications({ job, modules, log }: JobResult): Publication[] {
  const files = modules.map(({ file, artifact }) => ({ source: file, target: artifact.path }));
  return log === undefined ? files : [...files, { source: log, target: logPath(job) }];
}

function jobRecord(result: JobResult): JobRecord {
  const { job, error, imageId } = result;
  const version = result.dkms?.version ?? job.source.project.version;
  return {
    ...labelOf(job),
    ...(version !== undefined && { version }),
    status: result.status,
    ...(result.cache !== undefined && { cache: result.cache }),
    ...(error !== undefined && { error }),
    milliseconds: result.milliseconds,
    diagnostics: result.diagnostics,
    artifacts: result.modules.map(({ artifact }) => artifact),
    ...(result.log !== undefined && { log: logPath(job) }),
    ...inputsOf(job, imageId, result.digests),
    ...(result.dkms !== undefined &&
      job.dkms !== undefined && {
        dkms: { ...result.dkms, answers: answersOf(job, job.dkms, result.dkms) },
      }),
    ...(result.objects !== undefined && { objects: result.objects }),
    ...(result.usage !== undefined && { usage: result.usage }),
  };
}
