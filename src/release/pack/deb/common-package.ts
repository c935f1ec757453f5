import { renderTemplate } from '../../../data/template.js';
import { shellJoin } from '../../../runtime/shell.js';
import { describe } from '../describe.js';
import { loadFiles } from '../load-files.js';
import type { PackageRecipe } from '../recipe.js';
import type { ReleaseProject } from '../release-project.js';
import type { TreeEntry } from '../tree-entry.js';
import { aboutOf, moduleTerms } from './about-modules.js';
import { commonName } from './deb-name.js';
import { debRecipe } from './deb-recipe.js';
import { debianVersion } from './debian-version.js';

/**
 * The package of the files that the packages of all kernels share, which would conflict in these;
 * undefined where there are none.
 * @param epoch seconds since 1970: the time of all that is in it
 * @throws KbuildError PACKAGE_VERSION, PACKAGE_VALUE
 */
export function commonPackage(project: ReleaseProject, epoch: number): PackageRecipe | undefined {
  const { name, version } = project;
  const files = commonFiles(project);
  if (files.length === 0) return undefined;
  return debRecipe(
    {
      deb: commonName(project),
      version: debianVersion(version, 'PACKAGE_VERSION'),
      architecture: 'all',
      project: { name, about: aboutOf(project) },
      terms: moduleTerms,
      description: describe(
        project,
        {
          summary: `how the kernel modules of ${name} are loaded`,
          description: [
            'It has the files that the modules of all kernels share: when they are',
            'loaded, and with which parameters.',
          ],
        },
        'PACKAGE_VALUE',
      ),
      relations: {},
      files,
      scripts: {},
    },
    epoch,
  );
}

/** What the packages of all kernels need besides the modules. */
export const commonFiles = (project: ReleaseProject): TreeEntry[] => [
  ...loadFiles(project.project, project.settings),
  ...(project.initramfs ? [initramfsHook(project)] : []),
];

/** An initramfs has only what is asked for. */
function initramfsHook({ name, kernels }: ReleaseProject): TreeEntry {
  const modules = [...new Set(kernels.flatMap((kernel) => kernel.modules.map((one) => one.name)))];
  return {
    // It runs no hook whose name has another character.
    path: `usr/share/initramfs-tools/hooks/${name.replaceAll('+', '-')}`,
    content: renderTemplate('package/initramfs-hook.eta', {
      name,
      modules: shellJoin(modules.sort()),
    }),
    executable: true,
  };
}
