import { resolve } from 'node:path';
import { archByName, hostArch, type Arch } from '../arch/arch.js';
import { defaultKernelRef } from '../kernel/ref.js';
import type { Resolution } from '../kernel/providers/port.js';
import { resolveEach } from '../kernel/resolve.js';
import type { Job } from '../plan/job.js';
import type { MakeOptions } from '../plan/make-line.js';
import { planJobs, type Assignment, type Target } from '../plan/plan-jobs.js';
import type { DkmsOptions } from '../project/dkms/settings.js';
import { loadProjects } from '../project/load-projects.js';
import type { Project } from '../project/project.js';
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
  runtime: Runtime['kind'];
  /** `auto`: mend a KDIR that is not ready, in a layer over it. `never`: refuse it. */
  prepare: 'auto' | 'never';
  /** Refuse the whole plan if one kernel cannot be used. */
  failFast: boolean;
}

/** What is to be done, and for which kernels nothing can be. */
export interface Plan {
  jobs: Job[];
  unusable: UnusableKernel[];
}

/**
 * Walks from directories to their jobs: loads the projects, finds (or fetches, or makes) their
 * kernels, picks their toolchains, mends KDIRs. Everything that can be refused before a compile is
 * refused here. Of several kernels those that cannot be used are told of; the others go on.
 * @throws KbuildError if there is nothing that can be built
 */
export async function plan(request: PlanRequest, session: Session): Promise<Plan> {
  const asked = request.archs.map(archByName);
  const named = request.toolchains.map(toolchainByName);
  const { cache, emit, signal } = session;
  const { projects, requested } = await loadProjects(
    request.directories.map((path) => resolve(path)),
    [...(request.output === undefined ? [] : [resolve(request.output)]), cache],
    {
      archives: { cache, emit, signal },
      ...(request.dkms !== undefined && { dkms: request.dkms }),
      ...(request.output !== undefined && { output: resolve(request.output) }),
      ...(request.buildDeps !== undefined && { buildDeps: request.buildDeps }),
    },
  );
  const kernelsOf = memoizedKernels(request, asked, session);
  const targetOf = memoizedTargets(request, session);
  const unusable = new Map<string, UnusableKernel>();
  const assignments: Assignment[] = [];
  for (const project of projects) {
    // A mere dependency is built for the targets of what needs it, whatever it says itself.
    const kernels = requested.has(project) ? await kernelsOf(project) : [];
    const names = project.toolchains.map(toolchainByName);
    const targets: Target[] = [];
    for (const kernel of kernels) {
      try {
        for (const toolchain of chooseToolchains(kernel, named, names)) {
          targets.push(await targetOf(kernel, toolchain));
        }
      } catch (error) {
        const about = unusableKernel(kernel, error);
        unusable.set(`${about.ref} ${about.error.message}`, about);
      }
    }
    assignments.push({ project: asRequested(project, request), targets });
  }
  if (request.runtime === 'host') checkDkmsIsolation(assignments);
  const jobs = planJobs(assignments, hostArch().name, request);
  const [first] = unusable.values();
  if (first !== undefined && (jobs.length === 0 || request.failFast)) throw first.error;
  return { jobs, unusable: [...unusable.values()] };
}

/** A project with what the command line says of all of them. */
function asRequested(project: Project, { output, buildDeps = [] }: PlanRequest): Project {
  return {
    ...project,
    buildDeps: [...new Set([...project.buildDeps, ...buildDeps])].sort(),
    ...(output !== undefined && { output: resolve(output) }),
  };
}

/** The kernels of a project: as the command line says, else its configuration, else the default. */
function memoizedKernels(
  request: PlanRequest,
  asked: readonly Arch[],
  session: Session,
): (project: Project) => Promise<Resolution[]> {
  const known = new Map<string, Promise<Resolution[]>>();
  return (project) => {
    const paths = request.kdirs.map((path) => resolve(path));
    const given = [...paths, ...request.kernels];
    const refs = given.length > 0 ? given : project.kernels;
    const archs =
      asked.length > 0
        ? asked
        : project.archs.length > 0
          ? project.archs.map(archByName)
          : [hostArch()];
    // The archs of a configuration choose among kernels; those of the command line must be met.
    const wanted = asked.length > 0 ? asked : undefined;
    const chosen = refs.length > 0 ? refs : [defaultKernelRef];
    const key = JSON.stringify([chosen, archs.map(({ name }) => name)]);
    const kernels = known.get(key) ?? resolveEach(chosen, archs, wanted, session.provider);
    known.set(key, kernels);
    return kernels;
  };
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
