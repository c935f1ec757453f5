import { archByName } from '../arch/arch.js';
import type { JobResult } from '../engine/job-result.js';
import { KbuildError } from '../errors/kbuild-error.js';
import { suggestion } from '../errors/nearest.js';
import { fetchedFrom, kernelPackages } from '../kernel/kernel-packages.js';
import type { ProviderContext } from '../kernel/providers/port.js';
import { defaultPackaging } from '../project/packaging.js';
import type { Project } from '../project/project.js';
import type { SourcePackage } from '../release/dkms/source-package.js';
import type {
  KernelModules,
  PackedModule,
  ReleaseProject,
} from '../release/pack/release-project.js';

export interface ReleaseProjectsInput {
  results: readonly JobResult[];
  /** The modules of each of them as they are installed. */
  finished: ReadonlyMap<JobResult, readonly PackedModule[]>;
  /** In place of the versions of projects. */
  version?: string | undefined;
  /** The sources of projects as dkms takes them, where they are packaged too. */
  sources: ReadonlyMap<Project, SourcePackage>;
}

/**
 * What packages are made of: the projects of a run, each with its modules for every kernel.
 * @throws KbuildError PACKAGE_NAME, PACKAGE_VERSION, PACKAGE_MODULES
 */
export function releaseProjects(
  input: ReleaseProjectsInput,
  context: Pick<ProviderContext, 'cache' | 'repositories'>,
): ReleaseProject[] {
  const byProject = new Map<Project, JobResult[]>();
  for (const result of input.results) {
    const { project } = result.job.source;
    byProject.set(project, [...(byProject.get(project) ?? []), result]);
  }
  const projects = [...byProject].map(([project, results]) =>
    releaseProject(project, results, input, context),
  );
  const full = projects.filter(({ kernels }) => kernels.length > 0);
  if (full.length === 0) {
    throw new KbuildError(
      'PACKAGE_MODULES',
      'there is no module to package',
      'Look with kbuild-ts build what the projects yield for these kernels.',
    );
  }
  return full;
}

/**
 * That no two projects would be packaged under one name.
 * @throws KbuildError PACKAGE_NAME
 */
export function checkPackageNames(projects: readonly Project[]): void {
  const full = projects.map((project) => ({ project: project.name, name: packageName(project) }));
  const twice = full.find(({ name }, i) => full.findIndex((one) => one.name === name) !== i);
  if (twice === undefined) return;
  throw new KbuildError(
    'PACKAGE_NAME',
    `two projects would be packaged as ${twice.name}: ${full
      .filter(({ name }) => name === twice.name)
      .map(({ project }) => project)
      .join(', ')}`,
    "Give one of them another name: 'package: { name: … }' in its configuration.",
  );
}

/** @throws KbuildError PACKAGE_MODULES for a name that no module of the project has */
function checkAutoload(
  project: Project,
  autoload: readonly string[],
  kernels: readonly KernelModules[],
) {
  const plain = (name: string) => name.replaceAll('-', '_');
  const known = new Set(kernels.flatMap(({ modules }) => modules.map(({ name }) => plain(name))));
  const wrong = autoload.find((name) => !known.has(plain(name)));
  if (wrong === undefined || known.size === 0) return;
  throw new KbuildError(
    'PACKAGE_MODULES',
    `${project.name}: package.autoload names '${wrong}', and no module of the project is called so`,
    suggestion(wrong, [...known], 'modules'),
  );
}

function releaseProject(
  project: Project,
  results: readonly JobResult[],
  { results: all, finished, version, sources }: ReleaseProjectsInput,
  context: Pick<ProviderContext, 'cache' | 'repositories'>,
): ReleaseProject {
  const packaging = project.packaging ?? defaultPackaging();
  const byId = new Map(all.map((result) => [result.job.id, result.job.project]));
  const needed = results.flatMap(({ job }) => job.needs.flatMap((id) => byId.get(id) ?? []));
  const kernels = results.map((result) =>
    kernelModules(result, finished.get(result) ?? [], context),
  );
  checkAutoload(project, packaging.autoload, kernels);
  const license = packaging.license ?? project.license ?? licenseOf(results);
  const packed = sources.get(project);
  const readVersion = results.map(({ dkms }) => dkms?.version).find(Boolean);
  return {
    project: project.name,
    name: packageName(project),
    version: packageVersion(project, version, readVersion),
    about: {
      license,
      maintainer: packaging.maintainer,
      description: packaging.description,
      homepage: packaging.homepage,
    },
    settings: packaging,
    initramfs: packaging.initramfs,
    kernels: kernels.filter(({ modules }) => modules.length > 0),
    depends: [...new Set(needed)].sort(),
    ...(packed !== undefined && { sources: packed }),
  };
}

function kernelModules(
  { job }: JobResult,
  modules: readonly PackedModule[],
  context: Pick<ProviderContext, 'cache' | 'repositories'>,
): KernelModules {
  const { name, debian, rpm, oci } = archByName(job.arch);
  const { packages = [], meta, suite } = kernelPackages(job.kdir, context) ?? {};
  const { repository } = fetchedFrom(job.kdir, context) ?? {};
  return {
    job: job.id,
    release: job.release,
    arch: { name, debian, rpm, oci },
    kernelPackages: packages,
    ...(meta !== undefined && { kernelMeta: meta }),
    ...(suite !== undefined && { kernelSuite: suite }),
    ...(repository?.manager === 'dnf' && { rpm: { symbols: repository.symbols === true } }),
    modules: [...modules],
  };
}

/** What every module of a project says, if they say the same. */
function licenseOf(results: readonly JobResult[]): string | undefined {
  const said = new Set(
    results.flatMap(({ modules }) =>
      modules.flatMap(({ artifact }) => artifact.modinfo.license ?? []),
    ),
  );
  const [license] = said;
  return said.size === 1 ? license : undefined;
}

/**
 * What names of packages begin with.
 * @throws KbuildError PACKAGE_NAME
 */
export function packageName({ name: project, packaging }: Project): string {
  const name = packaging?.name ?? project.toLowerCase().replaceAll('_', '-');
  if (/^[a-z0-9][a-z0-9+.-]+$/.test(name)) return name;
  throw new KbuildError(
    'PACKAGE_NAME',
    `no names of packages can be made of the project's name '${project}': they have two characters at least`,
    "Give it one: 'package: { name: … }' in its configuration.",
  );
}

/**
 * The version of packages: what the command line says, what the project says, what was read of it.
 * @throws KbuildError PACKAGE_VERSION
 */
export function packageVersion(
  { name, directory, version }: Project,
  asked: string | undefined,
  read?: string,
): string {
  const found = asked ?? version ?? read;
  if (found !== undefined && found !== '') {
    // It becomes part of the names of files.
    if (/^[A-Za-z0-9][\w.+~^:-]*$/.test(found)) return found;
    throw new KbuildError(
      'PACKAGE_VERSION',
      `${name} (${directory}) has the version ${JSON.stringify(found)}, which packages cannot have`,
      'A version begins with a letter or a digit, and has letters, digits and . + ~ ^ : _ - only.',
    );
  }
  throw new KbuildError(
    'PACKAGE_VERSION',
    `${name} (${directory}) has no version, and packages have one`,
    "Write 'version: 1.0.0' into its kbuild.config.yaml, or give --package-version 1.0.0.",
  );
}

/**
 * That each project was built once for each kernel: two builds would be packaged as one.
 * @throws KbuildError PACKAGE_MODULES
 */
export function checkBuiltOnce(results: readonly JobResult[]): void {
  const built = new Map<string, string>();
  for (const { job } of results) {
    const place = [job.project, job.release, job.arch].join(' ');
    const other = built.get(place);
    built.set(place, job.toolchain);
    if (other === undefined) continue;
    throw new KbuildError(
      'PACKAGE_MODULES',
      `${job.project} was built for ${job.release} (${job.arch}) by ${other} and by ${job.toolchain}: one of them is packaged`,
      'Name one toolchain with --toolchain.',
    );
  }
}
