import { hash } from 'node:crypto';
import { archByName } from '../arch/arch.js';
import { KbuildError } from '../errors/kbuild-error.js';
import type { Kdir } from '../kernel/kdir.js';
import type { Project } from '../project/project.js';
import { projectDigest } from '../project/snapshot.js';
import { imageWith } from '../toolchain/build-deps-recipe.js';
import type { Toolchain } from '../toolchain/toolchain.js';
import { buildEnvironment } from '../runtime/build-environment.js';
import { dkmsJob } from './dkms-job.js';
import { dkmsDriver } from './dkms-recipe.js';
import type { DkmsJob, Job, PlacedProject } from './job.js';
import { checkKdirPlace, containerLayout } from './layout.js';
import { makeLine, type MakeOptions } from './make-line.js';
import { placements } from './placement.js';
import { recipeVersion } from './recipe.js';

/** One KDIR with a toolchain that fits it. */
export interface Target {
  kdir: Kdir;
  toolchain: Toolchain;
}

/** What a project is to be built for. */
export interface Assignment {
  project: Project;
  targets: Target[];
}

/**
 * The jobs that follow from what is to be built: each project for each of its targets, a project
 * that others depend on for theirs too, each job after those that it needs.
 * @param assignments in dependency order, as loadProjects gives the projects
 * @param buildArch the architecture of the machine that builds
 * @throws KbuildError KDIR_NOT_IN_PLACE, PROJECT_PATH, PLAN_OUTPUT_COLLISION
 */
export function planJobs(
  assignments: readonly Assignment[],
  buildArch: string,
  options: MakeOptions = {},
): Job[] {
  const byDirectory = new Map(assignments.map((a) => [a.project.directory, a]));
  const digestOf = memoized(projectDigest);
  const jobs = new Map<string, Job>();
  const env = buildEnvironment();
  const images = new Map<string, string>();
  const imageOf = (toolchain: Toolchain, packages: readonly string[]): string => {
    const wanted = [toolchain.name, ...packages].join(' ');
    const image = images.get(wanted) ?? imageWith(toolchain, archByName(buildArch), packages).name;
    images.set(wanted, image);
    return image;
  };

  const dependenciesOf = memoized((project: Project): Project[] => {
    const direct = project.depends.flatMap((path) => byDirectory.get(path)?.project ?? []);
    return [...new Set(direct.flatMap((p) => [...dependenciesOf(p), p]))];
  });
  /** A project and those that it depends on, as they lie in its builds. */
  const placedOf = memoized((project: Project) => {
    const dependencies = dependenciesOf(project);
    const placed = placements(project, dependencies);
    const place = (p: Project): PlacedProject => ({
      project: p,
      placement: placed.get(p) ?? p.name,
      digest: digestOf(p),
    });
    return { source: place(project), dependencies: dependencies.map(place) };
  });

  // With which toolchains a project is built for a KDIR, be it only since others depend on it.
  const checked = memoized(checkKdirPlace);
  const nameOf = memoized(({ path, identity }: Kdir) => `${path}\0${identity}`);
  const placeOf = ({ directory }: Project, kdir: Kdir): string => `${directory}\0${nameOf(kdir)}`;
  const toolchainsOf = new Map<string, Set<string>>();
  for (const { project, targets } of assignments) {
    const together = [project, ...dependenciesOf(project)];
    for (const { kdir, toolchain } of targets) {
      checked(kdir);
      for (const built of together) {
        const place = placeOf(built, kdir);
        const names = toolchainsOf.get(place);
        if (names === undefined) toolchainsOf.set(place, new Set([toolchain.name]));
        else names.add(toolchain.name);
      }
    }
  }

  const add = (project: Project, target: Target): Job => {
    const { kdir, toolchain } = target;
    const label = {
      project: project.name,
      release: kdir.release,
      arch: kdir.arch,
      toolchain: toolchain.name,
    };
    const place = placeOf(project, kdir);
    const identity = `${place}\0${toolchain.name}`;
    const existing = jobs.get(identity);
    if (existing !== undefined) return existing;
    const needed = dependenciesOf(project).map((dependency) => add(dependency, target));
    const { source, dependencies } = placedOf(project);
    const symvers = needed.map(({ id }) => `${containerLayout.symvers}/${id}/Module.symvers`);
    const dkms =
      project.dkms &&
      dkmsJob(
        project,
        project.dkms,
        archByName(kdir.arch),
        archByName(buildArch),
        toolchain,
        options,
      );
    const make =
      dkms === undefined
        ? makeLine(project, source.placement, kdir, toolchain, symvers, options)
        : [];
    const image = imageOf(toolchain, project.buildDeps);
    const inputs = JSON.stringify([
      recipeVersion,
      kdir.path,
      kdir.identity,
      image,
      make,
      env,
      [source, ...dependencies].map((p) => [p.placement, p.digest]),
      needed.map((job) => job.key),
      project.expected,
      ...(dkms === undefined ? [] : [dkmsKey(dkms)]),
    ]);
    const key = hash('sha256', inputs, 'hex');
    const several = (toolchainsOf.get(place)?.size ?? 0) > 1;
    const job: Job = {
      id: uniqueId(
        Object.values(label)
          .join('-')
          .replaceAll(/[^\w.+-]/g, '_'),
      ),
      ...label,
      key,
      kdir,
      image,
      source,
      dependencies,
      needs: needed.map(({ id }) => id),
      make,
      ...(dkms !== undefined && { dkms }),
      env,
      expected: project.expected,
      output: [kdir.release, kdir.arch, ...(several ? [toolchain.name] : [])].join('/'),
    };
    jobs.set(identity, job);
    return job;
  };

  const ids = new Set<string>();
  const uniqueId = (base: string): string => {
    let id = base;
    for (let n = 2; ids.has(id); n++) id = `${base}-${n}`;
    ids.add(id);
    return id;
  };

  for (const { project, targets } of assignments) {
    for (const target of targets) add(project, target);
  }
  const planned = [...jobs.values()];
  checkOutputs(planned);
  return planned;
}

/** A function of an object that is asked for many jobs. */
function memoized<K extends object, V>(compute: (of: K) => V): (of: K) => V {
  const known = new Map<K, V>();
  return (of) => {
    const value = known.has(of) ? (known.get(of) as V) : compute(of);
    known.set(of, value);
    return value;
  };
}

/** All that a DKMS job is given, by content, and the program that builds it. */
function dkmsKey({ overlay, with: trees, ...own }: DkmsJob): unknown {
  const contents = trees.map(({ name, digest }) => [name, digest]);
  return [dkmsDriver(), own, overlay?.digest, contents];
}

/** Two jobs that would write the same module are a mistake, found before anything is built. */
function checkOutputs(jobs: readonly Job[]): void {
  const owners = new Map<string, Job>();
  for (const job of jobs) {
    for (const module of job.expected) {
      const path = `${job.source.project.output}/${job.output}/${module}.ko`;
      const other = owners.get(path);
      if (other !== undefined) {
        throw new KbuildError(
          'PLAN_OUTPUT_COLLISION',
          `two jobs would write ${path}: ${other.id} (${other.source.project.directory}, KDIR ${other.kdir.path}) and ${job.id} (${job.source.project.directory}, KDIR ${job.kdir.path})`,
          'Build them in two runs with different --out directories, or rename a module.',
        );
      }
      owners.set(path, job);
    }
  }
}
