import { renderTemplate } from '../../../data/template.js';
import { shellQuote } from '../../../runtime/shell.js';
import { describe } from '../describe.js';
import { neededProjects } from '../needed-modules.js';
import type { PackageRecipe } from '../recipe.js';
import type { KernelModules, ReleaseProject } from '../release-project.js';
import { aboutOf, moduleTerms } from './about-modules.js';
import { commonFiles } from './common-package.js';
import { commonName, modulesName } from './deb-name.js';
import { debRecipe } from './deb-recipe.js';
import { debianVersion } from './debian-version.js';

/**
 * That /lib is /usr/lib (Debian since 12, Ubuntu since 22.04): the files are in /usr/lib/modules, where
 * trixie's own kernels have them, and modprobe looks in /lib/modules. Elsewhere, usrmerge makes it so.
 */
const mergedUsr = 'base-files (>= 13~) | usr-is-merged | usrmerge';

/**
 * The package of one kernel's modules of a project.
 * @param epoch seconds since 1970: the time of all that is in it
 * @throws KbuildError PACKAGE_VERSION, PACKAGE_VALUE
 */
export function modulesPackage(
  project: ReleaseProject,
  kernel: KernelModules,
  projects: readonly ReleaseProject[],
  epoch: number,
): PackageRecipe {
  const { name, initramfs } = project;
  const { release, modules, arch, kernelPackages } = kernel;
  const deb = modulesName(project, kernel);
  const version = debianVersion(project.version, 'PACKAGE_VERSION');
  const update = renderTemplate('package/deb-update.eta', {
    release: shellQuote(release),
    initramfs,
  }).trimEnd();
  const files = modules.map((module) => `${module.name}.ko`);
  return debRecipe(
    {
      deb,
      version,
      architecture: arch.debian,
      project: { name, about: aboutOf(project) },
      terms: moduleTerms,
      description: describe(
        project,
        {
          summary: `kernel modules of ${name} for Linux ${release}`,
          description: [`For the kernel ${release}, it has:`, files.join(', ')],
        },
        'PACKAGE_VALUE',
      ),
      relations: {
        Depends: [
          'kmod',
          mergedUsr,
          ...(kernelPackages.length > 0 ? [kernelPackages.join(' | ')] : []),
          // A later one does, so that kernels which a release leaves out keep their modules.
          ...(commonFiles(project).length > 0 ? [`${commonName(project)} (>= ${version})`] : []),
          ...dependenciesOf(project, kernel, projects),
        ],
        Provides: [`${name}-modules (= ${version})`],
      },
      files: modules.map(({ path, bytes }) => ({
        path: `usr/lib/modules/${release}/${path}`,
        content: bytes,
        executable: false,
      })),
      scripts: {
        postinst: renderTemplate('package/deb-postinst.eta', { deb, update }),
        postrm: renderTemplate('package/deb-postrm.eta', { deb, update }),
      },
    },
    epoch,
  );
}

/** Of the same version: with another build, a symbol may have another CRC. */
const dependenciesOf = (
  project: ReleaseProject,
  kernel: KernelModules,
  projects: readonly ReleaseProject[],
): string[] =>
  neededProjects(project, kernel, projects).map(
    (other) =>
      `${modulesName(other, kernel)} (= ${debianVersion(other.version, 'PACKAGE_VERSION')})`,
  );
