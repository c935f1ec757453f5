import { resolve } from 'node:path';
import { archByName, hostArch, type Arch } from '../arch/arch.js';
import { defaultKernelRef } from '../kernel/ref.js';
import type { Resolution } from '../kernel/providers/port.js';
import { resolveAsTheyCome } from '../kernel/resolve.js';
import type { Job } from '../plan/job.js';
import type { MakeOptions } from '../plan/make-line.js';
import { Planner, type Assignment, type Target } from '../plan/plan-jobs.js';
import type { DkmsOptions } from '../project/dkms/settings.js';
import { loadProjects } from '../project/load-projects.js';
import type { Project, Signing } from '../project/project.js';
import type { Runtime } from '../runtime/port.js';
import { toolchainByName, type Toolchain } from '../toolchain/toolchain.js';
import { chooseToolchains } from './choose-toolchains.js';
import { checkDkmsIsolation, checkHostTarget } from './host-targets.js';
import { readyTarget } from './ready-target.js';
import { unusableKernel, type UnusableKernel } from './unusable-kernel.js';
import type { Session } from './session.js';

/** What to build, and for what. Lists that are empty leave the choice to the configuration. */
export interface PlanRequest extends MakeOptions {
  /** Projects, workspaces, directories of DKMS sources, archives of sources. */
  directories: string[];
  archs: string[];
  kdirs: string[];
  kernels: string[];
  toolchains: string[];
  /** Debian packages that the build needs, besides those of the configuration. */
  buildDeps?: string[];
  /** How DKMS sources are read. */
  dkms?: DkmsOptions;
  /**
   * Output directory; default: the project's own, and `dist` of the working directory for several
   * directories and for archives.
   */
  output?: string;
  /** In place of what configurations sign with. */
  signing?: Signing;
  /** Files that no build may see, wherever they lie. */
  secrets?: readonly string[];
  runtime: Runtime['kind'];
  /** `auto`: mend a KDIR that is not ready, in a layer over it. `never`: refuse it. */
  prepare: 'auto' | 'never';
  /** Refuse the whole plan if one kernel cannot be used. */
  failFast: boolean;
  /** Directories that are no sources, wherever they lie, besides the output. Absolute. */
  excluded?: string[];
  /** The names of the toolchains that a project is built with for a kernel, whatever else would be chosen. */
  toolchainsFor?: (project: Project, kernel: Resolution) => readonly string[];
  /** Whether modules that a configuration signs are left unsigned. */
  leavesUnsigned?: (signing: Signing) => boolean;
}

/** What is to be done, and for which kernels nothing can be. */
export interface Plan {
  jobs: Job[];
  unusable: UnusableKernel[];
}

/** Kernels that projects share, with what becomes known of them. */
interface KernelRequest {
  refs: readonly string[];
  archs: readonly Arch[];
  /** The archs of a configuration choose among kernels; those of the command line must be met. */
  wanted: readonly Arch[] | undefined;
  projects: Project[];
  /** What each of these is built for, by the place of the reference. */
  targets: Map<Project, Target[][]>;
}

/**
 * Walks from directories to their jobs: loads the projects, finds (or fetches, or makes) their
 * kernels, picks their toolchains, mends KDIRs. Everything that can be refused before a compile is
 * refused here. Of several kernels those that cannot be used are told of; the others go on.
 * @throws KbuildError if there is nothing that can be built
 */
export async function plan(request: PlanRequest, session: Session): Promise<Plan> {
  const planning = new Planning(request, session);
  const steps = planning.steps();
  while ((await steps.next()).done !== true);
  return planning.whole();
}

/** Told all projects once they are loaded, before anything is fetched or made for them. */
export type OnProjects = (projects: readonly Project[]) => void | Promise<void>;

/**
 * A plan that is made bit by bit: the jobs of kernels that are there need not wait for those that are
 * fetched.
 */
export class Planning {
  readonly #request: PlanRequest;
  readonly #session: Session;
  readonly #planner: Planner;
  readonly #asked: readonly Arch[];
  readonly #toolchains: readonly Toolchain[];
  readonly #unusable = new Map<string, UnusableKernel>();
  #requests: KernelRequest[] = [];
  #projects: Project[] = [];

  readonly #onProjects: OnProjects;

  /**
   * @param onProjects what else they are to be held to; what it throws ends the planning
   * @throws KbuildError ARCH_UNKNOWN, TOOLCHAIN_UNKNOWN
   */
  constructor(request: PlanRequest, session: Session, onProjects: OnProjects = () => undefined) {
    this.#onProjects = onProjects;
    this.#request = request;
    this.#session = session;
    this.#planner = new Planner(hostArch().name, request);
    this.#asked = request.archs.map(archByName);
    this.#toolchains = request.toolchains.map(toolchainByName);
  }

  /**
   * The jobs that have become known, each after those that it needs.
   * @throws KbuildError for what cannot be planned; if no kernel can be used, why
   */
  async *steps(): AsyncGenerator<Job[]> {
    const { projects, requested } = await this.#load();
    this.#projects = projects.map((project) => asRequested(project, this.#request));
    await this.#onProjects(this.#projects);
    const asRequestedBy = new Map(projects.map((project, i) => [project, this.#projects[i]]));
    // A mere dependency is built for the targets of what needs it, whatever it says itself.
    const built = [...requested].flatMap((project) => asRequestedBy.get(project) ?? []);
    this.#requests = kernelRequests(built, this.#request, this.#asked);
    const targetOf = memoizedTargets(this.#request, this.#session);
    for (const one of this.#requests) {
      const { refs, archs, wanted, targets } = one;
      const arrivals = resolveAsTheyCome(refs, archs, wanted, this.#session.provider);
      for await (const arrived of arrivals) {
        const news = new Map<Project, Target[]>();
        for (const { place, resolutions } of arrived) {
          for (const project of one.projects) {
            const some = await this.#targetsOf(project, resolutions, targetOf);
            news.set(project, [...(news.get(project) ?? []), ...some]);
            const all = targets.get(project) ?? [];
            all[place] = some;
            targets.set(project, all);
          }
        }
        const assignments = this.#projects.map((project) => ({
          project,
          targets: news.get(project) ?? [],
        }));
        if (this.#request.runtime === 'host') checkDkmsIsolation(assignments);
        const jobs = this.#planner.add(assignments);
        if (this.#request.failFast) this.#checkUsable();
        if (jobs.length > 0) yield jobs;
      }
    }
    if (this.#planner.isEmpty) this.#checkUsable();
  }

  /** All that was planned, in the order of projects and kernels, whenever they came. */
  whole(): Plan {
    const targets = new Map(this.#requests.flatMap((one) => [...one.targets]));
    const assignments: Assignment[] = this.#projects.map((project) => ({
      project,
      targets: (targets.get(project) ?? []).flat(),
    }));
    return { jobs: this.#planner.inOrder(assignments), unusable: [...this.#unusable.values()] };
  }

  #load() {
    const { directories, output, dkms, buildDeps, signing, secrets, excluded = [] } = this.#request;
    const { cache, emit, signal } = this.#session;
    return loadProjects(
      directories.map((path) => resolve(path)),
      [...(output === undefined ? [] : [resolve(output)]), cache, ...excluded],
      {
        archives: { cache, emit, signal },
        ...(dkms !== undefined && { dkms }),
        ...(output !== undefined && { output: resolve(output) }),
        ...(buildDeps !== undefined && { buildDeps }),
        ...(signing !== undefined && { signing }),
        ...(secrets !== undefined && { secrets }),
      },
    );
  }

  /** What a project is built for, of some kernels. */
  async #targetsOf(
    project: Project,
    kernels: readonly Resolution[],
    targetOf: (kernel: Resolution, toolchain: Toolchain) => Promise<Target>,
  ): Promise<Target[]> {
    const configured = project.toolchains.map(toolchainByName);
    const targets: Target[] = [];
    for (const kernel of kernels) {
      try {
        const toolchains =
          this.#request.toolchainsFor?.(project, kernel).map(toolchainByName) ??
          chooseToolchains(kernel, this.#toolchains, configured);
        for (const toolchain of toolchains) {
          targets.push(await targetOf(kernel, toolchain));
        }
      } catch (error) {
        const about = unusableKernel(kernel, error);
        this.#unusable.set(`${about.ref} ${about.error.message}`, about);
      }
    }
    return targets;
  }

  #checkUsable(): void {
    const [first] = this.#unusable.values();
    if (first !== undefined) throw first.error;
  }
}

/** A project with what the command line says of all of them. */
function asRequested(
  { signing, ...project }: Project,
  { output, buildDeps = [], leavesUnsigned }: PlanRequest,
): Project {
  return {
    ...project,
    ...(signing !== undefined && leavesUnsigned?.(signing) !== true && { signing }),
    buildDeps: [...new Set([...project.buildDeps, ...buildDeps])].sort(),
    ...(output !== undefined && { output: resolve(output) }),
  };
}

/** The kernels of projects: as the command line says, else their configuration, else the default. */
function kernelRequests(
  projects: readonly Project[],
  request: PlanRequest,
  asked: readonly Arch[],
): KernelRequest[] {
  const given = [...request.kdirs.map((path) => resolve(path)), ...request.kernels];
  const requests = new Map<string, KernelRequest>();
  for (const project of projects) {
    const named = given.length > 0 ? given : project.kernels;
    const refs = named.length > 0 ? named : [defaultKernelRef];
    const configured = project.archs.length > 0 ? project.archs.map(archByName) : [hostArch()];
    const archs = asked.length > 0 ? asked : configured;
    const key = JSON.stringify([refs, archs.map(({ name }) => name)]);
    const known = requests.get(key);
    if (known !== undefined) {
      known.projects.push(project);
      continue;
    }
    const wanted = asked.length > 0 ? asked : undefined;
    requests.set(key, { refs, archs, wanted, projects: [project], targets: new Map() });
  }
  return [...requests.values()];
}

/** Kernels made ready for toolchains, each once for all projects. */
function memoizedTargets(
  request: PlanRequest,
  session: Session,
): (kernel: Resolution, toolchain: Toolchain) => Promise<Target> {
  const prepare = request.prepare === 'auto' && request.runtime === 'docker';
  const known = new Map<Resolution, Map<Toolchain, Promise<Target>>>();
  return (kernel, toolchain) => {
    const targets = known.get(kernel) ?? new Map<Toolchain, Promise<Target>>();
    known.set(kernel, targets);
    const target =
      targets.get(toolchain) ??
      readyTarget(kernel, toolchain, prepare, session).then((ready) => {
        if (request.runtime === 'host') checkHostTarget(ready);
        return ready;
      });
    targets.set(toolchain, target);
    return target;
  };
}
