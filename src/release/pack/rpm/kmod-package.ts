import { dirname } from 'node:path/posix';
import { renderTemplate } from '../../../data/template.js';
import { readModuleSummary } from '../../../module/read-module.js';
import { shellQuote } from '../../../runtime/shell.js';
import { loadFiles } from '../load-files.js';
import { neededProjects } from '../needed-modules.js';
import type { PackageRecipe } from '../recipe.js';
import type { KernelModules, ReleaseProject } from '../release-project.js';
import type { TreeEntry } from '../tree-entry.js';
import { dracutModule } from './dracut-module.js';
import { fieldsOf } from './fields.js';
import { rpmRecipe } from './rpmbuild.js';
import { rpmVersion } from './rpm-version.js';
import { plain, plainPath } from './spec-text.js';
import { symbolDependencies } from './symbols.js';
import { checkWord, inName } from './words.js';

/**
 * The name of the package of one kernel's modules. It holds the kernel's release, as with the kmodtool
 * of Fedora and RPM Fusion: rpm installs one version of a name only, and several kernels are installed
 * side by side. (RHEL's own and ELRepo's kmod packages are called `kmod-<name>` alone: one build for a
 * whole minor release, which weak-modules links into its kernels. Here each kernel has its own build.)
 */
export const kmodName = ({ name }: ReleaseProject, { release }: KernelModules): string =>
  `kmod-${name}-${inName(release)}`;

/** Of the package that all kernels share; its name is RPM Fusion's, which other packages may ask for. */
export const commonName = ({ name }: ReleaseProject): string => `kmod-${name}-common`;

/**
 * The package of one kernel's modules.
 * @param epoch seconds since 1970: the time of all that is in it
 * @throws KbuildError PACKAGE_VERSION, PACKAGE_VALUE, PACKAGE_MODULES
 */
export function kmodPackage(
  project: ReleaseProject,
  kernel: KernelModules,
  projects: readonly ReleaseProject[],
  epoch: number,
): PackageRecipe {
  const { name } = project;
  const { release, modules, arch } = kernel;
  const rpm = kmodName(project, kernel);
  const version = rpmVersion(project.version, 'PACKAGE_VERSION');
  const evr = `${version.version}-${version.release}`;
  const root = `/lib/modules/${release}`;
  const files = modules.map(({ path }) => `${root}/${path}`);
  const symbols = symbolDependencies(project, kernel, projects);
  const names = modules.map((module) => `${checkWord(module.name, 'module')}.ko`);
  const own = {
    summary: `Kernel modules of ${name} for Linux ${release}`,
    description: [`The kernel modules of ${name} for Linux ${release}: ${names.join(', ')}.`],
  };
  const spec = renderTemplate('package/kmod.spec.eta', {
    ...fieldsOf(project, own, licensesOf(kernel), epoch),
    rpm,
    ...version,
    noarch: false,
    provides: [
      `kmod-${name} = ${evr}`,
      `${name}-kmod = ${evr}`,
      ...(isVersion(release) ? [`kernel-modules-for-kernel = ${release}`] : []),
      ...names.map((file) => `kmod(${file})`),
      ...symbols.provides,
    ],
    requires: [
      ...(commonFiles(project).length > 0 ? [`${name}-kmod-common >= ${evr}`] : []),
      ...dependenciesOf(project, kernel, projects),
      ...symbols.modules,
      ...kernelRequirements(kernel, symbols.kernel),
    ],
    // So that a new kernel brings its modules, where another kernel has them.
    supplements: kernelOf(kernel).map((needed) => `(${needed} and kmod-${name})`),
    files: files.map(plainPath),
    directories: directoriesOf(files, '/lib/modules').map(plainPath),
    scripts: {
      release: plain(shellQuote(release)),
      root: plain(shellQuote(root)),
      modules: files.map((file) => plain(shellQuote(file))).join(' '),
      initramfs: project.initramfs,
    },
  });
  const tree = modules.map(({ path, bytes }) => ({
    path: `${root.slice(1)}/${path}`,
    content: bytes,
    executable: false,
  }));
  return rpmRecipe({ file: `${rpm}-${evr}.${arch.rpm}.rpm`, spec, tree, arch: arch.rpm }, epoch);
}

/**
 * The package of the files that all kernels share; undefined where there are none. In the packages of
 * the kernels, these would conflict when their versions differ.
 * @throws KbuildError PACKAGE_VERSION, PACKAGE_VALUE, PACKAGE_MODULES
 */
export function commonPackage(project: ReleaseProject, epoch: number): PackageRecipe | undefined {
  const tree = commonFiles(project);
  if (tree.length === 0) return undefined;
  const rpm = commonName(project);
  const version = rpmVersion(project.version, 'PACKAGE_VERSION');
  const evr = `${version.version}-${version.release}`;
  const own = {
    summary: `How the kernel modules of ${project.name} are loaded`,
    description: [
      `What modprobe, systemd and dracut do with the kernel modules of ${project.name}.`,
    ],
  };
  const licenses = project.kernels.flatMap(licensesOf);
  const files = tree.map(({ path }) => `/${path}`);
  const spec = renderTemplate('package/kmod.spec.eta', {
    ...fieldsOf(project, own, licenses, epoch),
    rpm,
    ...version,
    noarch: true,
    provides: [`${project.name}-kmod-common = ${evr}`],
    requires: [],
    supplements: [],
    files: files.map(plainPath),
    // kmod and systemd are everywhere, and have theirs; dracut is not.
    directories: directoriesOf(
      files.filter((path) => path.startsWith('/usr/lib/dracut/')),
      '/usr/lib',
    ).map(plainPath),
    scripts: undefined,
  });
  return rpmRecipe({ file: `${rpm}-${evr}.noarch.rpm`, spec, tree, arch: 'noarch' }, epoch);
}

const commonFiles = (project: ReleaseProject): TreeEntry[] => [
  ...loadFiles(project.name, project.settings),
  ...dracutModule(project),
];

const licensesOf = ({ modules }: KernelModules): string[] =>
  modules.flatMap(({ plain: bytes }) => readModuleSummary(bytes).modinfo.license ?? []);

/** By name, since the same CRC may be that of a module for another kernel. */
const dependenciesOf = (
  project: ReleaseProject,
  kernel: KernelModules,
  projects: readonly ReleaseProject[],
): string[] => neededProjects(project, kernel, projects).map((other) => kmodName(other, kernel));

/**
 * What the modules need of the kernel's package, of what it is known to provide: each symbol with its
 * CRC, so that any kernel with the same ones will do (weak-modules), else the very release. A kernel
 * that rpm does not know of can be asked for in no way: what needs it could never be installed.
 */
const kernelRequirements = (kernel: KernelModules, symbols: string[]): string[] =>
  kernel.rpm?.symbols === true && symbols.length > 0 ? symbols : kernelOf(kernel);

/** The dependency that a kernel's package fulfils by its release alone; none where there is none. */
const kernelOf = ({ rpm, release }: KernelModules): string[] =>
  rpm !== undefined && isVersion(release) ? [`kernel-uname-r = ${release}`] : [];

/** To rpm, a - comes before the package's release: Debian's and SUSE's kernels have two. */
const isVersion = (release: string): boolean => release.split('-').length <= 2;

/** Each directory of the files below a root: the last package that has one takes it away. */
function directoriesOf(files: readonly string[], root: string): string[] {
  const found = new Set<string>();
  for (const file of files) {
    for (let path = dirname(file); path !== root; path = dirname(path)) found.add(path);
  }
  return [...found].sort();
}
