import { existsSync, realpathSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { allArchs } from '../arch/arch.js';
import { compareInputs } from '../artifact/rebuild/compare-inputs.js';
import { readManifest, type RecordedRun } from '../artifact/rebuild/read-manifest.js';
import type {
  InputDifference,
  RebuildReport,
  RebuiltJob,
} from '../artifact/rebuild/report-schema.js';
import { packageVersion } from '../data/package-root.js';
import type { JobLimits } from '../engine/engine-context.js';
import type { Budget } from '../engine/build-slots.js';
import type { ErrorCode, ExitStatus } from '../errors/codes.js';
import { exitStatus } from '../errors/gravest.js';
import { KbuildError } from '../errors/kbuild-error.js';
import { checkedBuildDeps } from '../project/build-dep.js';
import type { Signing } from '../project/project.js';
import { isOurOutput } from '../project/source-files.js';
import { isPkcs11Uri } from '../release/pkcs11-uri.js';
import type { Runtime } from '../runtime/port.js';
import { buildUnpublished, publishAll, type BuildRequest, type Unpublished } from './build.js';
import { compareJob, notPlanned, unrecordedJob } from './compare-jobs.js';
import { inputsOf } from './job-inputs.js';
import { Planning } from './plan.js';
import { RecordedJobs } from './recorded-jobs.js';
import type { Session } from './session.js';
import type { UnusableKernel } from './unusable-kernel.js';

export interface RebuildRequest {
  /** The manifest of an earlier build, or the output directory that it lies in. */
  from: string;
  /** The sources: projects, workspaces, archives. */
  directories: string[];
  /** In place of the kernels that the manifest names: references, and paths of KDIRs. */
  kernels: string[];
  kdirs: string[];
  /** DKMS: what a source needs beside it, and overlays of dkms.conf. Absolute. */
  with: string[];
  overlay?: string;
  /** Where to leave what was built; default: nowhere. */
  output?: string;
  /** False: ask for no key, and compare what is signed alone. */
  sign: boolean;
  runtime: Runtime['kind'];
  budget: Budget;
  limits: JobLimits;
}

export interface RebuildResult {
  report: RebuildReport;
  exitStatus: ExitStatus;
}

/**
 * Builds the jobs of a manifest anew, from the sources that are given and from no cache, and compares what
 * comes out with what the manifest says and with the files beside it. Changes neither these nor a cache.
 * @throws KbuildError MANIFEST_*, FILE_UNREADABLE, USAGE, SIGN_*, and what keeps all jobs from being built
 */
export async function rebuild(request: RebuildRequest, session: Session): Promise<RebuildResult> {
  const start = performance.now();
  const run = readManifest(request.from);
  const output = outputOf(request, run);
  const jobs = run.jobs.filter(({ artifacts }) => artifacts.length > 0);
  // A manifest of an older kbuild-ts does not say where its kernels came from.
  const areNamed = jobs.some(({ kernel }) => kernel !== undefined);
  const anyKernel = request.kernels.length + request.kdirs.length > 0 || !areNamed;
  const recorded = new RecordedJobs(jobs, anyKernel);
  const warned = new Set<string>();
  const warn = (message: string, hint: string) => {
    if (!warned.has(message)) session.emit({ type: 'warning', message, hint });
    warned.add(message);
  };
  const warnOf = (inputs: readonly InputDifference[]) => {
    for (const { detail } of inputs) warn(`not as it was: ${detail}`, otherInput);
  };

  const inputs = compareRuns(run, request);
  warnOf(inputs);
  const build = buildRequest(
    request,
    run,
    recorded,
    output ?? join(session.scratch, 'rebuilt'),
    warn,
  );
  const planning = new Planning(build, session);
  const told = {
    whole: () => planning.whole(),
    async *steps() {
      for await (const planned of planning.steps()) {
        for (const job of planned) {
          const record = recorded.recordOf(job);
          const now = inputsOf(job, session.knownImageId(job.image));
          if (record !== undefined) warnOf(compareInputs(record, now));
        }
        yield planned;
      }
    },
  };
  const built = await orUnusable(buildUnpublished(build, session, told), planning);
  if (output !== undefined && built.unpublished !== undefined) {
    await publishAll(built.unpublished.files, built.unpublished.manifest);
  }

  const compared = new Map<string, RebuiltJob>();
  const besides: RebuiltJob[] = [];
  for (const result of built.unpublished?.results ?? []) {
    const record = recorded.recordOf(result.job);
    if (record === undefined) besides.push(unrecordedJob(result));
    else compared.set(record.id, await compareJob(run, record, result));
  }
  for (const record of recorded.missing) {
    const error = recorded.reason(record, built.unusable, built.error).toReport();
    compared.set(record.id, notPlanned(record, error));
  }
  const all = [...jobs.flatMap(({ id }) => compared.get(id) ?? []), ...besides];
  const report: RebuildReport = {
    schemaVersion: 1,
    tool: { name: 'kbuild-ts', version: packageVersion() },
    manifest: run.file,
    ...(output !== undefined && { output }),
    milliseconds: performance.now() - start,
    status: statusOf(all),
    inputs,
    jobs: all,
    ignored: run.jobs.filter((job) => !jobs.includes(job)).map(({ id }) => id),
  };
  return { report, exitStatus: exitStatus(all.flatMap(failureOf)) };
}

const otherInput = 'It is built all the same: where bytes differ, this may be why.';

/** What is not as it was for all jobs. */
function compareRuns(
  { tool, options }: RecordedRun,
  { runtime }: RebuildRequest,
): InputDifference[] {
  const version = packageVersion();
  const inputs: InputDifference[] = [];
  if (tool.version !== version) {
    const detail = `it was built by kbuild-ts ${tool.version}, and this is ${version}`;
    inputs.push({ input: 'tool', detail });
  }
  if (options !== undefined && options.runtime !== runtime) {
    const detail = `it was built with --runtime ${options.runtime}, and now with --runtime ${runtime}`;
    inputs.push({ input: 'runtime', detail });
  }
  return inputs;
}

/** Where what is built is left. Over what it is compared with, it would be no witness any more. */
function outputOf({ output }: RebuildRequest, { file }: RecordedRun): string | undefined {
  if (output === undefined) return undefined;
  const path = resolve(output);
  const real = existsSync(path) ? realpathSync(path) : path;
  if (real !== realpathSync(dirname(file))) return path;
  throw new KbuildError(
    'USAGE',
    `--out ${output} is the output directory of the manifest, whose modules are to be compared`,
    'Name another directory.',
  );
}

function buildRequest(
  request: RebuildRequest,
  run: RecordedRun,
  recorded: RecordedJobs,
  output: string,
  warn: (message: string, hint: string) => void,
): BuildRequest {
  const { directories, with: trees, overlay, kernels, kdirs, runtime, budget, limits } = request;
  const { prepare = 'auto', warnings, check, buildDeps = [], directives = [] } = run.options ?? {};
  const wanted = recorded.missing; // nothing is planned yet
  const refs = wanted.flatMap(({ kernel }) => kernel ?? []);
  const leavesUnsigned = ({ key }: Signing): boolean => {
    if (!request.sign) return true;
    if (isPkcs11Uri(key) || existsSync(key)) return false;
    warn(
      `the key ${key} is not there: modules are not signed, and what is signed is compared alone`,
      'Give --no-sign if that is meant; with the key, signatures of RSA are compared, too.',
    );
    return true;
  };
  return {
    directories,
    archs: [...new Set(wanted.map(({ arch }) => arch))].filter((arch) =>
      allArchs().some(({ name }) => name === arch),
    ),
    kernels: recorded.anyKernel ? kernels : [...new Set(refs)],
    kdirs,
    toolchains: [],
    toolchainsFor: (project, kernel) => recorded.toolchainsFor(project, kernel),
    buildDeps: checkedBuildDeps(buildDeps),
    dkms: { directives, with: trees, ...(overlay !== undefined && { overlay }) },
    output,
    excluded: [run.file, ...(isOurOutput(dirname(run.file)) ? [dirname(run.file)] : [])],
    leavesUnsigned,
    prepare,
    ...(warnings !== undefined && { warnings }),
    ...(check !== undefined && { check }),
    ...{ runtime, budget, limits },
    failFast: false,
    useCache: false,
    incremental: false,
  };
}

interface Built {
  /** Undefined where nothing could be planned. */
  unpublished?: Unpublished;
  unusable: UnusableKernel[];
  /** Why, where that is not said of a single kernel. */
  error?: KbuildError;
}

/** That no kernel can be used is a result: of each job, why. */
async function orUnusable(building: Promise<Unpublished>, planning: Planning): Promise<Built> {
  try {
    const unpublished = await building;
    return { unpublished, unusable: planning.whole().unusable };
  } catch (error) {
    if (!(error instanceof KbuildError)) throw error;
    if (/^SIGN_/.test(error.code)) {
      const hint = `${error.hint} Or compare what is signed alone, with --no-sign.`;
      throw new KbuildError(error.code, error.message, hint, { cause: error });
    }
    const { jobs, unusable } = planning.whole();
    const isOfKernels = /^(KERNEL|KDIR|TOOLCHAIN|FETCH)_/.test(error.code);
    if (!isOfKernels || jobs.length > 0) throw error;
    return unusable.length > 0 ? { unusable } : { unusable, error };
  }
}

function statusOf(jobs: readonly RebuiltJob[]): RebuildReport['status'] {
  if (jobs.some(({ status }) => status !== 'rebuilt')) return 'failed';
  return jobs.some(differs) ? 'differs' : 'equal';
}

const differs = ({ artifacts }: RebuiltJob): boolean =>
  artifacts.some(({ verdict }) => verdict !== 'equal' && verdict !== 'equal-content');

function failureOf(job: RebuiltJob): ErrorCode[] {
  if (job.status !== 'rebuilt') return [job.error?.code as ErrorCode];
  return differs(job) ? ['VERIFY_FAILED'] : [];
}
