import { resolve } from 'node:path';
import { archByName, hostArch, type Arch } from '../arch/arch.js';
import { KbuildError } from '../errors/kbuild-error.js';
import type { Kdir } from '../kernel/kdir.js';
import { defaultKernelRef } from '../kernel/ref.js';
import type { Resolution } from '../kernel/providers/port.js';
import { resolveEach } from '../kernel/resolve.js';
import type { Job } from '../plan/job.js';
import type { MakeOptions } from '../plan/make-line.js';
import { planJobs, type Assignment, type Target } from '../plan/plan-jobs.js';
import { loadProjects } from '../project/load-projects.js';
import type { Project } from '../project/project.js';
import type { Runtime } from '../runtime/port.js';
import { defaultToolchain } from '../toolchain/select.js';
import { toolchainByName, type Toolchain } from '../toolchain/toolchain.js';
import { findProgram } from './find-program.js';
import { readyTargets } from './ready-targets.js';
import type { Session } from './session.js';

/** What to build, and for what. Lists that are empty leave the choice to the configuration. */
export interface PlanRequest extends MakeOptions {
  directory: string;
  archs: string[];
  kdirs: string[];
  kernels: string[];
  toolchains: string[];
  /** Output directory; default: the project's own. */
  output?: string;
  runtime: Runtime['kind'];
  /** `auto`: mend a KDIR that is not ready, in a layer over it. `never`: refuse it. */
  prepare: 'auto' | 'never';
  /** Refuse the whole plan if one kernel cannot be used. */
  failFast: boolean;
}

/** A kernel that was named, and that nothing can be built for. */
export interface UnusableKernel {
  /** As a reference names it. */
  ref: string;
  release?: string;
  arch?: string;
  error: KbuildError;
}

/** What is to be done, and for which kernels nothing can be. */
export interface Plan {
  jobs: Job[];
  unusable: UnusableKernel[];
}

/**
 * Walks from a directory to its jobs: loads the projects, finds (or fetches, or makes) their
 * kernels, picks their toolchains, mends KDIRs. Everything that can be refused before a compile is
 * refused here. Of several kernels those that cannot be used are told of; the others go on.
 * @throws KbuildError if there is nothing that can be built
 */
export async function plan(request: PlanRequest, session: Session): Promise<Plan> {
  const asked = request.archs.map(archByName);
  const named = request.toolchains.map(toolchainByName);
  const { projects, requested } = await loadProjects(resolve(request.directory), [
    ...(request.output === undefined ? [] : [resolve(request.output)]),
    session.cache,
  ]);
  const kernelsOf = memoizedKernels(request, asked, session);
  const unusable = new Map<string, UnusableKernel>();
  const assignments: Assignment[] = [];
  for (const project of projects) {
    // A mere dependency is built for the targets of what needs it, whatever it says itself.
    const kernels = requested.has(project) ? await kernelsOf(project) : [];
    const names = project.toolchains.map(toolchainByName);
    const targets: Target[] = [];
    for (const kernel of kernels) {
      try {
        targets.push(...(await targetsOf(kernel, { named, names, request, session })));
      } catch (error) {
        const about = unusableKernel(kernel, error);
        unusable.set(`${about.ref} ${about.error.message}`, about);
      }
    }
    assignments.push({ project: withOutput(project, request.output), targets });
  }
  const jobs = planJobs(assignments, hostArch().name, request);
  const [first] = unusable.values();
  if (first !== undefined && (jobs.length === 0 || request.failFast)) throw first.error;
  return { jobs, unusable: [...unusable.values()] };
}

function unusableKernel(kernel: Resolution, error: unknown): UnusableKernel {
  if (!(error instanceof KbuildError) || error.code === 'INTERRUPTED') throw error;
  if ('kdir' in kernel) {
    const { release, arch } = kernel.kdir;
    return { ref: kernel.ref, release, arch, error };
  }
  const { ref, release, arch } = kernel;
  return {
    ref,
    ...(release !== undefined && { release }),
    ...(arch !== undefined && { arch }),
    error,
  };
}

function withOutput(project: Project, output: string | undefined): Project {
  return output === undefined ? project : { ...project, output: resolve(output) };
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

/** What targets are chosen by. */
interface Choice {
  named: readonly Toolchain[];
  names: readonly Toolchain[];
  request: PlanRequest;
  session: Session;
}

/** A kernel with each toolchain that it is to be built with, all of them fit for it. */
async function targetsOf(kernel: Resolution, choice: Choice): Promise<Target[]> {
  const { named, names, request, session } = choice;
  const prepare = request.prepare === 'auto' && request.runtime === 'docker';
  const ready = await readyTargets(kernel, (kdir) => choose(kdir, named, names), prepare, session);
  if (request.runtime === 'host') {
    for (const { kdir, toolchain } of ready) {
      if (!kdir.inPlace) throw notInPlace(kdir);
      checkInstalled(toolchain, kdir);
    }
  }
  return ready;
}

/** The toolchains that were named, or those of the configuration that fit, or the KDIR's own. */
function choose(
  kdir: Pick<Kdir, 'compiler' | 'release' | 'arch' | 'suite'>,
  asked: readonly Toolchain[],
  configured: readonly Toolchain[],
): readonly Toolchain[] {
  if (asked.length > 0) return asked;
  // Configured toolchains may be for several kernels: each takes those of its compiler's family.
  const { compiler } = kdir;
  const fitting = configured.filter(
    ({ family }) => compiler === undefined || family === compiler.family,
  );
  return fitting.length > 0 ? fitting : [defaultToolchain(kdir)];
}

function checkInstalled(toolchain: Toolchain, kdir: Kdir): void {
  const program = toolchain.program.replaceAll('{triple}', archByName(kdir.arch).triple);
  if (findProgram(program) !== undefined) return;
  throw new KbuildError(
    'TOOLCHAIN_NOT_INSTALLED',
    `${toolchain.name} is not installed on this machine: there is no ${program} in PATH`,
    "Install it, or leave '--runtime host' out: images have every toolchain.",
  );
}

function notInPlace(kdir: Kdir): KbuildError {
  const moved = kdir.mounts.find(({ source, target }) => source !== target);
  return new KbuildError(
    'KDIR_NOT_IN_PLACE',
    `the KDIR of ${kdir.release} (${kdir.arch}) expects ${moved?.target ?? kdir.path}, which is at ${moved?.source ?? 'no such place'} on this machine`,
    "Build in a container (leave --runtime host out), or install the headers and use '--kernel host' or --kdir.",
  );
}
