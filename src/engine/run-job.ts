import { createWriteStream } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { finished } from 'node:stream/promises';
import { collectModules, loadTar, unpackArchive } from '../artifact/collect.js';
import { describeModule } from '../artifact/describe.js';
import { judgeModule } from '../artifact/judge.js';
import { judgeSignature } from '../artifact/judge-signature.js';
import type { ErrorReport } from '../errors/kbuild-error.js';
import type { Diagnostic, JobLabel, JobStep } from '../events/event.js';
import { parseSymvers } from '../kernel/symvers.js';
import { readModule } from '../module/read-module.js';
import type { Job } from '../plan/job.js';
import { recipe } from '../plan/recipe.js';
import { parseDiagnostic, userPaths } from './diagnostics.js';
import type { EngineContext } from './engine-context.js';
import { buildFailure } from './failure.js';
import type { FinishedModule, JobResult } from './job-result.js';
import { JobStore, logFile, moduleFile, type JobFiles, type StoredJob } from './job-store.js';

/** How many of the last lines of a build's output are kept to explain its failure. */
const tailLength = 50;

type Ending = Omit<JobResult, 'job' | 'milliseconds'> & {
  /** How long the job waited for its image to be made: no time of its own. */
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
  const step = (name: JobStep) => {
    context.emit({ type: 'step', job: labelOf(job), step: name });
  };
  if (context.useStore) {
    step('cache');
    const stored = await context.store.load(job.key);
    const ending = stored && (await finish(job, needed, stored, 'cached', context, step));
    if (ending !== undefined && ending.status !== 'failed') return ending;
    // What does not stand up to verification is built again.
    await context.store.drop(job.key);
  }
  step('compile');
  const built = await build(job, needed, parallel, context);
  const { waited } = built;
  if ('error' in built) return { status: 'failed', modules: [], ...built };
  const ending = await finish(job, needed, built.stored, 'built', context, step);
  if (ending.status === 'failed') await context.store.drop(job.key);
  return { ...ending, log: runLog(job, context), waited };
}

/** The log of a build, as long as the run lasts. */
const runLog = (job: Job, { scratch }: EngineContext): string =>
  join(scratch, 'logs', `${job.id}.log`);

export const labelOf = ({ id, project, release, arch, toolchain }: Job): JobLabel => ({
  id,
  project,
  release,
  arch,
  toolchain,
});

interface Built {
  stored: StoredJob;
  waited: number;
}

interface BuildError {
  error: ErrorReport;
  waited: number;
  diagnostics: Diagnostic[];
  log: string;
  imageId: string;
}

/** Runs make, and puts what came out into the store. */
async function build(
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

  const log = runLog(job, context);
  await mkdir(dirname(log), { recursive: true });
  const logStream = createWriteStream(log);
  const toUserPath = userPaths(job, layout.build);
  const diagnostics: Diagnostic[] = [];
  const tail: string[] = [];
  const onLine = (line: string) => {
    logStream.write(`${line}\n`);
    if (tail.push(line) > tailLength) tail.shift();
    context.emit({ type: 'line', job: labelOf(job), line });
    const diagnostic = parseDiagnostic(line, toUserPath);
    if (diagnostic === undefined) return;
    diagnostics.push(diagnostic);
    context.emit({ type: 'diagnostic', job: labelOf(job), diagnostic });
  };
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
        onLine,
        onStart: () => {
          // While the compiler works: what the verification will need.
          context.symversOf(job);
          void loadTar();
        },
        signal: context.signal,
      },
    );
  } finally {
    logStream.end();
    await finished(logStream);
  }
  const failed = (error: ErrorReport): BuildError => ({
    error,
    diagnostics,
    log,
    imageId,
    waited,
  });
  const failure = buildFailure({ outcome, diagnostics, tail, limits: context.limits });
  if (failure !== undefined) return failed(failure);

  context.emit({ type: 'step', job: labelOf(job), step: 'collect' });
  const collected = collectModules(await unpackArchive(outcome.stdout), job.expected);
  const absent = missingModules(job, collected.missing, collected.modules.length);
  if (absent !== undefined) return failed(absent);
  const files: JobFiles = {
    modules: collected.modules,
    symvers: collected.symvers ?? '',
    log,
    diagnostics,
    imageId,
    milliseconds: performance.now() - start,
  };
  // A key must name what was built: if a source changed meanwhile, nobody else may find this.
  const stored = asPlanned
    ? await context.store.save(job.key, files)
    : await keepInRun(job, files, context);
  return { stored, waited };
}

function keepInRun(job: Job, files: JobFiles, context: EngineContext): Promise<StoredJob> {
  return new JobStore(join(context.scratch, 'jobs')).save(job.key, files);
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

/** Verifies the modules of a job, signs them where the project says so, and describes them. */
async function finish(
  job: Job,
  needed: readonly JobResult[],
  stored: StoredJob,
  status: 'built' | 'cached',
  context: EngineContext,
  step: (name: JobStep) => void,
): Promise<Ending> {
  step('verify');
  const own = await readFile(join(stored.directory, 'Module.symvers'), 'utf8');
  const others = needed.map((result) =>
    result.symversDirectory === undefined
      ? Promise.resolve('')
      : readFile(join(result.symversDirectory, 'Module.symvers'), 'utf8'),
  );
  const siblings = parseSymvers([own, ...(await Promise.all(others))].join('\n'));
  const { license } = job.source.project;
  const signer = context.signerOf(job);
  const names = stored.modules.map(({ path }) => basename(path));
  const modules: FinishedModule[] = [];
  for (const { path } of stored.modules) {
    let file = moduleFile(stored, path);
    let bytes: Uint8Array = await readFile(file);
    const verdicts = judgeModule(readModule(bytes), {
      kdir: job.kdir,
      symvers: context.symversOf(job),
      siblings,
      name: basename(path, '.ko'),
      ...(license !== undefined && { license }),
    });
    if (signer !== undefined) {
      step('sign');
      bytes = await signer.sign(bytes, job);
      file = join(context.scratch, 'signed', job.id, path);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, bytes);
    }
    verdicts.push(await judgeSignature(bytes, job.kdir, signer));
    const unique = names.filter((name) => name === basename(path)).length === 1;
    const target = `${job.output}/${unique ? basename(path) : path}`;
    modules.push({ file, artifact: await describeModule(target, bytes, verdicts) });
  }
  const common = {
    diagnostics: stored.diagnostics,
    log: logFile(stored),
    imageId: stored.imageId,
    symversDirectory: stored.directory,
  };
  const error = failedVerdicts(modules);
  if (error === undefined) return { status, modules, ...common };
  return { status: 'failed', error, ...common, modules: [] };
}

function failedVerdicts(modules: readonly FinishedModule[]): ErrorReport | undefined {
  const failed = modules.flatMap(({ artifact }) =>
    artifact.verdicts
      .filter(({ status }) => status === 'failed')
      .map(({ check, detail }) => `${basename(artifact.path)}: ${check}: ${detail}`),
  );
  if (failed.length === 0) return undefined;
  return {
    code: 'VERIFY_FAILED',
    message: failed.join('\n'),
    hint: 'make reported success, but this kernel would not take the module: nothing of this job is published.',
  };
}
