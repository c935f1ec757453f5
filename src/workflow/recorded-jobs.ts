import { archByName } from '../arch/arch.js';
import type { RecordedJob } from '../artifact/rebuild/read-manifest.js';
import { KbuildError } from '../errors/kbuild-error.js';
import type { Resolution } from '../kernel/providers/port.js';
import { pinnedRef } from '../kernel/ref.js';
import type { Job } from '../plan/job.js';
import type { Project } from '../project/project.js';
import { allToolchains, toolchainByName } from '../toolchain/toolchain.js';
import type { UnusableKernel } from './unusable-kernel.js';

/** The jobs of a manifest, to be found again among those that are planned. */
export class RecordedJobs {
  readonly #jobs: readonly RecordedJob[];
  readonly #waiting: RecordedJob[];
  readonly #found = new Map<string, RecordedJob | undefined>();
  readonly #projects = new Set<string>();
  readonly #toolchains = new Set(allToolchains().map(({ name }) => name));

  /** @param anyKernel the manifest's references do not count: a kernel is told by its release and arch */
  constructor(
    jobs: readonly RecordedJob[],
    readonly anyKernel: boolean,
  ) {
    this.#jobs = jobs;
    this.#waiting = [...jobs];
  }

  /** With which toolchains a project was built for a kernel; none: it was not. */
  toolchainsFor({ name }: Project, kernel: Resolution): string[] {
    this.#projects.add(name);
    const { release, arch } = 'kdir' in kernel ? kernel.kdir : kernel;
    const ref = pinnedRef(kernel.ref, release);
    const matching = this.#jobs.filter(
      (job) =>
        job.project === name &&
        this.#toolchains.has(job.toolchain) &&
        (this.anyKernel || job.kernel === ref) &&
        (release === undefined || job.release === release) &&
        (arch === undefined || job.arch === arch),
    );
    return [...new Set(matching.map(({ toolchain }) => toolchain))];
  }

  /** The job of the manifest that a planned job is; each is found once. */
  recordOf(job: Job): RecordedJob | undefined {
    if (this.#found.has(job.id)) return this.#found.get(job.id);
    const same = this.#waiting.filter(
      ({ project, release, arch, toolchain }) =>
        project === job.project &&
        release === job.release &&
        arch === job.arch &&
        toolchain === job.toolchain,
    );
    const record = same.find(({ kernel }) => kernel === job.kernel) ?? same[0];
    if (record !== undefined) this.#waiting.splice(this.#waiting.indexOf(record), 1);
    this.#found.set(job.id, record);
    return record;
  }

  /** Those that no planned job is. */
  get missing(): readonly RecordedJob[] {
    return this.#waiting;
  }

  /**
   * Why a job could not be planned any more.
   * @param error why nothing could be planned, where that is not said of a single kernel
   */
  reason(
    job: RecordedJob,
    unusable: readonly UnusableKernel[],
    error: KbuildError | undefined,
  ): KbuildError {
    const { kernel, release, arch } = job;
    const unknown = unknownName(job);
    if (unknown !== undefined) return unknown;
    const known = unusable.find(
      (one) =>
        (this.anyKernel ? one.release === release : pinnedRef(one.ref, one.release) === kernel) &&
        (one.arch === undefined || one.arch === arch),
    );
    if (known !== undefined) return known.error;
    if (error !== undefined) return error;
    if (this.#projects.size > 0 && !this.#projects.has(job.project)) {
      return new KbuildError(
        'PROJECT_NOT_FOUND',
        `the sources that were given have no project '${job.project}'; theirs: ${[...this.#projects].sort().join(', ')}`,
        'Name its directory, too.',
      );
    }
    return new KbuildError(
      'KERNEL_UNKNOWN',
      this.anyKernel
        ? `none of the kernels is ${release} for ${arch}`
        : `${kernel ?? ''} is not ${release} for ${arch} any more`,
      'Name a kernel of this release with --kernel or --kdir.',
    );
  }
}

/** What this kbuild-ts does not know any more, or not yet. */
function unknownName({ toolchain, arch }: RecordedJob): KbuildError | undefined {
  try {
    toolchainByName(toolchain);
    archByName(arch);
    return undefined;
  } catch (error) {
    if (error instanceof KbuildError) return error;
    throw error;
  }
}
