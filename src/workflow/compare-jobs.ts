import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { compareArtifact } from '../artifact/rebuild/compare-artifact.js';
import { compareInputs } from '../artifact/rebuild/compare-inputs.js';
import type {
  RecordedArtifact,
  RecordedJob,
  RecordedRun,
} from '../artifact/rebuild/read-manifest.js';
import type { Comparison, RebuiltJob } from '../artifact/rebuild/report-schema.js';
import type { FinishedModule, JobResult } from '../engine/job-result.js';
import type { ErrorReport } from '../errors/kbuild-error.js';
import { readInput } from '../storage/read-input.js';
import { inputsOf } from './job-inputs.js';

const labelOf = ({ id, project, release, arch, toolchain }: RecordedJob | JobResult['job']) => ({
  id,
  project,
  release,
  arch,
  toolchain,
});

/** A job of the manifest, and what came of building it anew. */
export async function compareJob(
  run: RecordedRun,
  record: RecordedJob,
  result: JobResult,
): Promise<RebuiltJob> {
  const inputs = compareInputs(record, inputsOf(result.job, result.imageId, result.digests));
  const known = { ...labelOf(record), inputs };
  const { error } = result;
  // What a dkms.conf excludes now has been built before: its modules are missing.
  const isFailed = error !== undefined && error.code !== 'DKMS_EXCLUDED';
  if (isFailed) return { ...known, status: 'failed', error, artifacts: [] };
  const modules = new Map(
    result.modules.map((module) => [pathInJob(module.artifact.path, result.job), module]),
  );
  const artifacts: Comparison[] = [];
  for (const recorded of record.artifacts) {
    const path = pathInJob(recorded.path, record);
    const module = modules.get(path);
    modules.delete(path);
    artifacts.push(
      module === undefined ? missing(recorded) : await compareModule(run, recorded, module),
    );
  }
  artifacts.push(...[...modules.values()].map(extra));
  return { ...known, status: 'rebuilt', ...(error && { error }), artifacts };
}

/** A job of the manifest that cannot be built any more. */
export const notPlanned = (record: RecordedJob, error: ErrorReport): RebuiltJob => ({
  ...labelOf(record),
  status: 'not-planned',
  error,
  inputs: [],
  artifacts: [],
});

/** A job that the manifest does not name: others need it now. */
export function unrecordedJob({ job, error, modules }: JobResult): RebuiltJob {
  const known = { ...labelOf(job), inputs: [] };
  if (error !== undefined) return { ...known, status: 'failed', error, artifacts: [] };
  return { ...known, status: 'rebuilt', artifacts: modules.map(extra) };
}

function compareModule(
  run: RecordedRun,
  recorded: RecordedArtifact,
  { artifact, file }: FinishedModule,
): Promise<Comparison> {
  const published = publishedFile(run, recorded);
  return compareArtifact({
    recorded,
    rebuilt: { ...artifact, bytes: readFileSync(file) },
    ...(published !== undefined && { published: readInput(published, largestModule) }),
  });
}

/** More than the largest modules have, in bytes. */
const largestModule = 512 * 2 ** 20;

/** The file beside the manifest; it may have been compressed since. */
function publishedFile({ file }: RecordedRun, { path }: RecordedArtifact): string | undefined {
  const place = join(dirname(file), path);
  return ['', '.gz', '.xz', '.zst'].map((suffix) => place + suffix).find((one) => existsSync(one));
}

const missing = (recorded: RecordedArtifact): Comparison => ({
  path: recorded.path,
  verdict: 'missing',
  except: [],
  was: recorded.sha256,
  differences: [],
});

const extra = ({ artifact }: FinishedModule): Comparison => ({
  path: artifact.path,
  verdict: 'extra',
  except: [],
  now: artifact.sha256,
  differences: [],
});

/**
 * The path of a module as its job knows it. The toolchain's directory is there only if a kernel is built
 * for with several, and these may not all be had any more.
 */
function pathInJob(
  path: string,
  { release, arch, toolchain }: Pick<RecordedJob, 'release' | 'arch' | 'toolchain'>,
): string {
  const [inKernel, inToolchain] = [`${release}/${arch}/`, `${toolchain}/`];
  const inside = path.startsWith(inKernel) ? path.slice(inKernel.length) : path;
  return inside.startsWith(inToolchain) ? inside.slice(inToolchain.length) : inside;
}
