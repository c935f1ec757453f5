import { hash } from 'node:crypto';
import { archByName, type Arch } from '../arch/arch.js';
import { KbuildError } from '../errors/kbuild-error.js';
import type { Kdir } from '../kernel/kdir.js';
import { pinnedRef } from '../kernel/ref.js';
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
  /** How the kernel is named, where a reference gave it. */
  ref?: string;
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
  return new Planner(buildArch, options).add(assignments);
}

/** Plans jobs bit by bit: kernels become known while those of others are fetched. */
export class Planner {
  readonly #buildArch: Arch;
  readonly #options: MakeOptions;
  readonly #env = buildEnvironment();
  readonly #jobs = new Map<string, Job>();
  readonly #ids = new Set<string>();
  readonly #digestOf = memoized(projectDigest);
  readonly #checkPlace = memoized(checkKdirPlace);
  readonly #images = new Map<string, string>();
  readonly #projects = new Map<string, Project>();
  readonly #dependenciesOf = memoized((project: Project): Project[] => {
    const direct = project.depends.flatMap((path) => this.#projects.get(path) ?? []);
    return [...new Set(direct.flatMap((p) => [...this.#dependenciesOf(p), p]))];
  });
  /** A project and those that it depends on, as they lie in its builds. */
  readonly #placedOf = memoized((project: Project) => {
    const dependencies = this.#dependenciesOf(project);
    const placed = placements(project, dependencies);
    const place = (p: Project): PlacedProject => ({
      project: p,
      placement: placed.get(p) ?? p.name,
      digest: this.#digestOf(p),
    });
    return { source: place(project), dependencies: dependencies.map(place) };
  });
  /** With which toolchains a project is built for a KDIR, be it only since others depend on it. */
  readonly #toolchains = new Map<string, Set<string>>();
  /** Who writes which module. */
  readonly #owners = new Map<string, Job>();

  constructor(buildArch: string, options: MakeOptions) {
    this.#buildArch = archByName(buildArch);
    this.#options = options;
  }

  /**
   * @param assignments all projects in dependency order; of the targets of one KDIR all at once
   * @returns the jobs that were not known yet
   */
  add(assignments: readonly Assignment[]): Job[] {
    for (const { project } of assignments) this.#projects.set(project.directory, project);
    for (const { project, targets } of assignments) {
      const together = [project, ...this.#dependenciesOf(project)];
      for (const { kdir, toolchain } of targets) {
        this.#checkPlace(kdir);
        for (const built of together) {
          const place = placeOf(built, kdir);
          const toolchains = this.#toolchains.get(place);
          if (toolchains === undefined) this.#toolchains.set(place, new Set([toolchain.name]));
          else toolchains.add(toolchain.name);
        }
      }
    }
    const known = this.#jobs.size;
    for (const { project, targets } of assignments) {
      for (const target of targets) this.#jobOf(project, target);
    }
    const added = [...this.#jobs.values()].slice(known);
    this.#checkOutputs(added);
    return added;
  }

  get isEmpty(): boolean {
    return this.#jobs.size === 0;
  }

  /** All jobs that were planned, in the order in which one plan of everything has them. */
  inOrder(assignments: readonly Assignment[]): Job[] {
    const ordered = new Set<Job>();
    for (const { project, targets } of assignments) {
      for (const target of targets) {
        for (const built of [...this.#dependenciesOf(project), project]) {
          const job = this.#jobs.get(identityOf(built, target));
          if (job !== undefined) ordered.add(job);
        }
      }
    }
    return [...ordered];
  }

  #imageOf(toolchain: Toolchain, packages: readonly string[]): string {
    const wanted = [toolchain.name, ...packages].join(' ');
    const image = this.#images.get(wanted) ?? imageWith(toolchain, this.#buildArch, packages).name;
    this.#images.set(wanted, image);
    return image;
  }

  #jobOf(project: Project, target: Target): Job {
    const identity = identityOf(project, target);
    const existing = this.#jobs.get(identity);
    if (existing !== undefined) return existing;
    const { kdir, toolchain, ref } = target;
    const label = {
      project: project.name,
      release: kdir.release,
      arch: kdir.arch,
      toolchain: toolchain.name,
    };
    const needed = this.#dependenciesOf(project).map((one) => this.#jobOf(one, target));
    const { source, dependencies } = this.#placedOf(project);
    const symvers = needed.map(({ id }) => `${containerLayout.symvers}/${id}/Module.symvers`);
    const arch = archByName(kdir.arch);
    const options = this.#options;
    const dkms =
      project.dkms && dkmsJob(project, project.dkms, arch, this.#buildArch, toolchain, options);
    const make =
      dkms === undefined
        ? makeLine(project, source.placement, kdir, toolchain, symvers, options)
        : [];
    const image = this.#imageOf(toolchain, project.buildDeps);
    const inputs = JSON.stringify([
      recipeVersion,
      kdir.path,
      kdir.identity,
      image,
      make,
      this.#env,
      [source, ...dependencies].map((p) => [p.placement, p.digest]),
      needed.map((job) => job.key),
      project.expected,
      ...(dkms === undefined ? [] : [dkmsKey(dkms)]),
    ]);
    const key = hash('sha256', inputs, 'hex');
    const several = (this.#toolchains.get(placeOf(project, kdir))?.size ?? 0) > 1;
    const job: Job = {
      id: this.#uniqueId(
        Object.values(label)
          .join('-')
          .replaceAll(/[^\w.+-]/g, '_'),
      ),
      ...label,
      key,
      kdir,
      ...(ref !== undefined && { kernel: pinnedRef(ref, kdir.release) }),
      image,
      source,
      dependencies,
      needs: needed.map(({ id }) => id),
      make,
      ...(dkms !== undefined && { dkms }),
      env: this.#env,
      expected: project.expected,
      output: [kdir.release, kdir.arch, ...(several ? [toolchain.name] : [])].join('/'),
    };
    this.#jobs.set(identity, job);
    return job;
  }

  #uniqueId(base: string): string {
    let id = base;
    for (let n = 2; this.#ids.has(id); n++) id = `${base}-${n}`;
    this.#ids.add(id);
    return id;
  }

  /** Two jobs that would write the same module are a mistake, found before anything is built. */
  #checkOutputs(jobs: readonly Job[]): void {
    for (const job of jobs) {
      for (const module of job.expected) {
        const path = `${job.source.project.output}/${job.output}/${module}.ko`;
        const other = this.#owners.get(path);
        if (other !== undefined) throw collision(path, other, job);
        this.#owners.set(path, job);
      }
    }
  }
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

const placeOf = ({ directory }: Project, { path, identity }: Kdir): string =>
  [directory, path, identity].join('\0');

const identityOf = (project: Project, { kdir, toolchain }: Target): string =>
  `${placeOf(project, kdir)}\0${toolchain.name}`;

const collision = (path: string, one: Job, other: Job) =>
  new KbuildError(
    'PLAN_OUTPUT_COLLISION',
    `two jobs would write ${path}: ${one.id} (${one.source.project.directory}, KDIR ${one.kdir.path}) and ${other.id} (${other.source.project.directory}, KDIR ${other.kdir.path})`,
    'Build them in two runs with different --out directories, or rename a module.',
  );

/** All that a DKMS job is given, by content, and the program that builds it. */
function dkmsKey({ overlay, with: trees, ...own }: DkmsJob): unknown {
  const contents = trees.map(({ name, digest }) => [name, digest]);
  return [dkmsDriver(), own, overlay?.digest, contents];
}
