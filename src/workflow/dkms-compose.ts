import { readFileSync } from 'node:fs';
import { archByName } from '../arch/arch.js';
import { renderTemplate } from '../data/template.js';
import { KbuildError } from '../errors/kbuild-error.js';
import { kdirNames, releaseNames } from '../plan/make-line.js';
import { placements } from '../plan/placement.js';
import type { DkmsPackageConfig } from '../project/dkms-package-schema.js';
import type { Project } from '../project/project.js';
import { makeVariable } from '../release/dkms/conf-value.js';
import { dkmsMark, renderDkmsConf } from '../release/dkms/dkms-conf.js';
import { checkDkmsName, checkDkmsVersion } from '../release/dkms/package-name.js';
import type { SourcePackage } from '../release/dkms/source-package.js';
import type { TreeEntry } from '../release/pack/tree-entry.js';
import { dependencyMakefiles } from './dkms-dependencies.js';
import { modulesOf } from './dkms-modules.js';
import { patchesOf } from './dkms-patches.js';
import { layered, projectEntries, publishedBy, textEntry } from './dkms-tree.js';

/** A source tree, without what packages say of it. */
export type BareSources = Omit<SourcePackage, 'about'>;

/**
 * The tree of a project that has no dkms.conf: it gets one, and what else dkms and a plain make need.
 * A project that depends on others lies beside them, as on disk; else it is the tree's root.
 * @param dependencies each after those that it needs itself
 * @throws KbuildError DKMS_PACK_*, DKMS_PATCH_MISSING, CONFIG_INVALID, PROJECT_PATH
 */
export function composed(
  project: Project,
  dependencies: readonly Project[],
  settings: DkmsPackageConfig,
  given: string | undefined,
): BareSources {
  const name = checkDkmsName(project.name);
  const version = checkDkmsVersion(versionOf(project, given));
  const placed = placements(project, dependencies);
  const at = dependencies.length === 0 ? '' : `${placed.get(project) ?? name}/`;
  const modules = modulesOf(project).map((module) => ({
    ...module,
    location: at + module.location,
  }));
  const patches = patchesOf(project, settings, dependencies);
  const { kernelMin, kernelMax, config = [] } = settings.buildExclusive ?? {};
  const conf = renderDkmsConf({
    name,
    version,
    make: at === '' ? makeCommand(project) : ['make', 'KDIR=${kernel_source_dir}', 'modules'],
    modules,
    destination: settings.location ?? '/updates/dkms',
    patches,
    buildDepends: dependencies.map((dependency) => dependency.name),
    machines: [...new Set(project.archs.map((arch) => archByName(arch).machine))],
    kernelMin,
    kernelMax,
    config,
  });
  const members = [...dependencies, project];
  const published = publishedBy(members);
  const place = (p: Project) => `${placed.get(p) ?? p.name}/`;
  const files =
    at === ''
      ? [...projectEntries(project, published), ...plainMakefile(project, modules)]
      : [
          // One may lie in another's directory: there its own files count, generated ones too.
          ...members
            .sort((a, b) => place(a).length - place(b).length)
            .flatMap((p) => projectEntries(p, published, place(p))),
          ...dependencyMakefiles(project, dependencies, placed),
        ];
  const patchFiles = patches.map(({ source, file }) => ({
    path: `patches/${file}`,
    content: readFileSync(source),
    executable: false,
  }));
  return {
    name,
    version,
    entries: layered([...files, ...patchFiles, textEntry('dkms.conf', conf)]),
    modules: modules.map((module) => module.name),
    depends: dependencies.map((dependency) => dependency.name),
    needs: kernelMin !== undefined || kernelMax !== undefined ? ['exclusive'] : [],
  };
}

function versionOf({ name, directory, version }: Project, given: string | undefined): string {
  const found = given ?? version;
  if (found !== undefined) return found;
  throw new KbuildError(
    'DKMS_PACK_VERSION',
    `${name} (${directory}) has no version, and a DKMS package needs one`,
    "Write 'version: 1.0.0' into its kbuild.config.yaml, or give --package-version 1.0.0.",
  );
}

/** The directory in which dkms builds. */
const build = '${dkms_tree}/${PACKAGE_NAME}/${PACKAGE_VERSION}/build';

/** What dkms runs for a project that lies at the root of its package. */
function makeCommand({ method, make }: Project): string[] {
  // Kbuild's directory for what it builds: dkms looks for modules in one place, on every kernel.
  const variables = Object.entries(make)
    .filter(([name]) => name !== 'MO')
    .map(([name, value]) => makeVariable(name, value));
  if (method.kind !== 'make')
    return ['make', '-C ${kernel_source_dir}', `M=${build}`, ...variables];
  return [
    'make',
    ...kdirNames.map((name) => `${name}=\${kernel_source_dir}`),
    ...releaseNames.map((name) => `${name}=\${kernelver}`),
    ...variables,
  ];
}

/** A Makefile for those who build a tree without dkms, where it has none. */
function plainMakefile(
  { name, method, files }: Project,
  modules: readonly { name: string }[],
): TreeEntry[] {
  if (method.kind !== 'kbuild') return [];
  if (files.some(({ path }) => /^([Mm]akefile|GNUmakefile)$/.test(path))) return [];
  const headline = modules.map((module) => `${module.name}.ko`).join(', ');
  const data = { mark: dkmsMark, name, depends: [], headline };
  return [textEntry('Makefile', renderTemplate('Makefile.eta', data))];
}
