import { join, resolve } from 'node:path';
import { KbuildError } from '../errors/kbuild-error.js';
import type { DkmsPackageConfig } from '../project/dkms-package-schema.js';
import { readConfig } from '../project/load-project.js';
import { loadProjects } from '../project/load-projects.js';
import type { Project, Signing } from '../project/project.js';
import { checkContent } from '../release/dkms/check-content.js';
import { checkDkmsName, checkDkmsVersion } from '../release/dkms/package-name.js';
import { readDkmsConf } from '../release/dkms/read-conf.js';
import type { PackageAbout, SourcePackage } from '../release/dkms/source-package.js';
import { readSmallText } from '../storage/read-small-text.js';
import { composed, type BareSources } from './dkms-compose.js';
import { dependenciesOf } from './dkms-dependencies.js';
import { layered, projectEntries, publishedBy, hasRootFile } from './dkms-tree.js';

export interface DkmsSourcesOptions {
  /** In place of the configuration's version. */
  version?: string | undefined;
  /** Directories that are no sources, wherever they lie; absolute. */
  excluded?: string[];
  /** What is signed with; its key goes into no package. */
  signing?: Signing | undefined;
  /** Other files that go into none. */
  secrets?: readonly string[] | undefined;
}

/** A DKMS source tree, and the project that it is made of. */
export interface DkmsSources extends SourcePackage {
  project: Project;
}

/**
 * The DKMS source trees of a directory: one of its project, or one of each project of a workspace.
 * Nothing is written, and nothing of the project is run.
 * @throws KbuildError DKMS_PACK_*, CONFIG_*, PROJECT_*
 */
export async function dkmsSources(
  directory: string,
  { version, excluded = [], signing, secrets }: DkmsSourcesOptions = {},
): Promise<DkmsSources[]> {
  const { projects, requested } = await loadProjects(resolve(directory), excluded, {
    ...(signing !== undefined && { signing }),
    ...(secrets !== undefined && { secrets }),
  });
  const byDirectory = new Map(projects.map((project) => [project.directory, project]));
  const all: DkmsSources[] = [];
  for (const project of requested) {
    const settings = await packageSettings(project);
    const made = hasRootFile(project, 'dkms.conf')
      ? existing(project, version)
      : composed(project, dependenciesOf(project, byDirectory), settings, version);
    checkContent(made.entries, made.name);
    all.push({ ...made, about: aboutOf(project), project });
  }
  return all;
}

async function packageSettings({ directory }: Project): Promise<DkmsPackageConfig> {
  const { config } = (await readConfig(directory)) ?? {};
  return (config !== undefined && 'name' in config && config.dkms?.package) || {};
}

/** The same as packages of its modules say. */
function aboutOf({ license: own, packaging }: Project): PackageAbout {
  const { license = own, maintainer, description, homepage } = packaging ?? {};
  return { license, maintainer, description, homepage };
}

/** A tree that has a dkms.conf: as it is. */
function existing(project: Project, version: string | undefined): BareSources {
  const file = join(project.directory, 'dkms.conf');
  const conf = readDkmsConf(readSmallText(file, 'DKMS_CONF_INVALID'), file);
  if (version !== undefined && version !== conf.version) {
    throw new KbuildError(
      'DKMS_PACK_VERSION',
      `--package-version ${version}: ${file} says ${conf.version}, and a dkms.conf is packed as it is`,
      'Change PACKAGE_VERSION in it, or leave the option out.',
    );
  }
  return {
    name: checkDkmsName(conf.name),
    version: checkDkmsVersion(conf.version),
    entries: layered(projectEntries(project, publishedBy([project]))),
    modules: [],
    depends: conf.buildDepends,
    needs: conf.limitsKernels ? ['exclusive'] : [],
  };
}
