import { resolve } from 'node:path';
import { archByName, hostArch, type Arch } from '../arch/arch.js';
import { KbuildError } from '../errors/kbuild-error.js';
import type { Kdir } from '../kernel/kdir.js';
import { defaultKernelRef } from '../kernel/ref.js';
import { resolveKernels } from '../kernel/resolve.js';
import type { Job } from '../plan/job.js';
import type { MakeOptions } from '../plan/make-line.js';
import { planJobs, type Assignment, type Target } from '../plan/plan-jobs.js';
import { loadProjects } from '../project/load-projects.js';
import type { Project } from '../project/project.js';
import type { Runtime } from '../runtime/port.js';
import { checkToolchain, defaultToolchain } from '../toolchain/select.js';
import { toolchainByName, type Toolchain } from '../toolchain/toolchain.js';
import { findProgram } from './find-program.js';
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
}

/**
 * Walks from a directory to its jobs: loads the projects, finds (or fetches) their kernels, picks
 * their toolchains. Everything that can be refused before a compile is refused here.
 */
export async function plan(request: PlanRequest, session: Session): Promise<Job[]> {
  const asked = request.archs.map(archByName);
  const named = request.toolchains.map(toolchainByName);
  const { projects, requested } = await loadProjects(resolve(request.directory), [
    ...(request.output === undefined ? [] : [resolve(request.output)]),
    session.cache,
  ]);
  const kernelsOf = memoizedKernels(request, asked, session);
  const assignments: Assignment[] = [];
  for (const project of projects) {
    // A mere dependency is built for the targets of what needs it, whatever it says itself.
    const kdirs = requested.has(project) ? await kernelsOf(project) : [];
    const names = project.toolchains.map(toolchainByName);
    const targets = kdirs.flatMap((kdir) => targetsOf(kdir, named, names, request));
    assignments.push({ project: withOutput(project, request.output), targets });
  }
  return planJobs(assignments, hostArch().name, request);
}

function withOutput(project: Project, output: string | undefined): Project {
  return output === undefined ? project : { ...project, output: resolve(output) };
}

/** The KDIRs of a project: as the command line says, else its configuration, else the default. */
function memoizedKernels(
  request: PlanRequest,
  asked: readonly Arch[],
  session: Session,
): (project: Project) => Promise<Kdir[]> {
  const known = new Map<string, Promise<Kdir[]>>();
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
    const kdirs = known.get(key) ?? resolveKernels(chosen, archs, wanted, session.provider);
    known.set(key, kdirs);
    return kdirs;
  };
}

/** The toolchains for a KDIR, each of them fit to build for it from here. */
function targetsOf(
  kdir: Kdir,
  asked: readonly Toolchain[],
  configured: readonly Toolchain[],
  request: PlanRequest,
): Target[] {
  if (request.runtime === 'host' && !kdir.inPlace) throw notInPlace(kdir);
  const chosen = choose(kdir, asked, configured);
  for (const toolchain of chosen) {
    checkToolchain(toolchain, kdir, hostArch().name);
    if (request.runtime === 'host') checkInstalled(toolchain, kdir);
  }
  return chosen.map((toolchain) => ({ kdir, toolchain }));
}

/** The toolchains that were named, or those of the configuration that fit, or the KDIR's own. */
function choose(
  kdir: Kdir,
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
