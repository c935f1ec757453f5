import { join } from 'node:path';
import { compareInputs } from '../artifact/rebuild/compare-inputs.js';
import { readManifest, type RecordedRun } from '../artifact/rebuild/read-manifest.js';
import type {
  InputDifference,
  RebuildReport,
  RebuiltJob,
} from '../artifact/rebuild/report-schema.js';
import { packageVersion } from '../data/package-root.js';
import type { ErrorCode, ExitStatus } from '../errors/codes.js';
import { exitStatus } from '../errors/gravest.js';
import { KbuildError } from '../errors/kbuild-error.js';
import { buildUnpublished, publishAll, type Unpublished } from './build.js';
import { compareJob, notPlanned, unrecordedJob } from './compare-jobs.js';
import { inputsOf } from './job-inputs.js';
import { buildRequest, outputOf, type RebuildRequest } from './rebuild-request.js';
import { Planning } from './plan.js';
import { RecordedJobs } from './recorded-jobs.js';
import type { Session } from './session.js';
import type { UnusableKernel } from './unusable-kernel.js';

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
