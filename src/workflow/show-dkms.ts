import { Stage } from '../engine/stage.js';
import { answersOf } from '../engine/dkms/answers.js';
import { showDkms } from '../engine/dkms/show.js';
import type { DkmsMeaning } from '../engine/dkms/record.js';
import type { JobLimits } from '../engine/engine-context.js';
import type { ErrorReport } from '../errors/kbuild-error.js';
import { KbuildError } from '../errors/kbuild-error.js';
import { toolchainByName } from '../toolchain/toolchain.js';
import { plan, type PlanRequest } from './plan.js';
import type { Session } from './session.js';

/** What one dkms.conf means for one kernel. */
export interface ShownSource extends DkmsMeaning {
  /** The directory of the source, on this machine. */
  directory: string;
  release: string;
  arch: string;
  /** What is in force for programs that ask for the machine. */
  answers: string[];
}

export interface ShownSources {
  sources: ShownSource[];
  /** Kernels that nothing can be built for. */
  unusable: { ref: string; error: ErrorReport }[];
}

/** A dkms.conf is evaluated in seconds, or it hangs. */
const limits: JobLimits = { memoryBytes: 2 ** 30, diskBytes: 2 ** 28, timeoutMs: 60_000 };

/**
 * What the dkms.conf of each source means for each kernel, without building.
 * @throws KbuildError DKMS_CONF_INVALID for a source without dkms.conf, and what plan throws
 */
export async function showDkmsSources(
  request: PlanRequest,
  session: Session,
): Promise<ShownSources> {
  const { jobs, unusable } = await plan(request, session);
  const { scratch, emit, signal, runtime } = session;
  const context = {
    ...{ scratch, emit, signal, runtime, limits, stage: new Stage(scratch) },
    imageOf: async (job: (typeof jobs)[number]) =>
      (await session.toolchainImage(toolchainByName(job.toolchain), job.source.project.buildDeps))
        .id,
  };
  const sources: ShownSource[] = [];
  for (const job of jobs) {
    const { directory } = job.source.project;
    if (job.dkms === undefined) throw noConf(directory);
    const meaning = await showDkms(job, job.dkms, context);
    const answers = answersOf(job, job.dkms, meaning);
    sources.push({ directory, release: job.release, arch: job.arch, ...meaning, answers });
  }
  return {
    sources,
    unusable: unusable.map(({ ref, error }) => ({ ref, error: error.toReport() })),
  };
}

const noConf = (directory: string): KbuildError =>
  new KbuildError(
    'DKMS_CONF_INVALID',
    `${directory} is not built by a dkms.conf`,
    "Name a directory that has one, or a .deb or tarball; 'kbuild-ts plan' shows what others mean.",
  );
