import { debianName } from '../../dkms/package-name.js';
import { describe } from '../describe.js';
import type { PackageRecipe } from '../recipe.js';
import type { KernelModules, ReleaseProject } from '../release-project.js';
import { aboutOf, moduleTerms } from './about-modules.js';
import { metaName, modulesName } from './deb-name.js';
import { debRecipe } from './deb-recipe.js';
import { debianVersion } from './debian-version.js';

/** Releases by age, as far as their numbers tell. */
const { compare } = new Intl.Collator('en', { numeric: true });

/**
 * A package for each meta package of the kernel and architecture, that always needs the modules of the
 * newest kernel of this kind: what `linux-image-amd64` is to kernels. Of one suite's kernels it takes
 * none but the newest: with an older one's modules it would be content, and a machine whose kernel is
 * upgraded would get none for it. Where several suites have kernels of the same kind, the newest of each
 * will do, and sources for DKMS where there is none. apt keeps the choice that it has made once; what
 * it recommends has it go over to the newest after a change of the suite.
 *
 * As the metas of Debian's own packages of modules did, it depends on modules, and these on their
 * kernel: were it to depend on the kernel's meta package, that would bring kernels that there are no
 * modules for yet.
 * @param epoch seconds since 1970: the time of all that is in them
 * @throws KbuildError PACKAGE_VERSION, PACKAGE_VALUE
 */
export function metaPackages(project: ReleaseProject, epoch: number): PackageRecipe[] {
  const groups = new Map<string, KernelModules[]>();
  for (const kernel of project.kernels) {
    if (kernel.kernelMeta === undefined || kernel.modules.length === 0) continue;
    const key = `${kernel.kernelMeta} ${kernel.arch.debian}`;
    groups.set(key, [...(groups.get(key) ?? []), kernel]);
  }
  return [...groups.values()].flatMap((kernels) => {
    const [newest] = kernels.sort((a, b) => compare(b.release, a.release));
    if (newest?.kernelMeta === undefined) return [];
    const choices = newestOfSuites(kernels);
    return [metaPackage(project, newest.kernelMeta, newest.arch.debian, choices, epoch)];
  });
}

/** @param kernels the newest first */
const newestOfSuites = (kernels: readonly KernelModules[]): KernelModules[] =>
  kernels.filter(
    ({ kernelSuite }, i) => kernels.findIndex((one) => one.kernelSuite === kernelSuite) === i,
  );

/** @param kernels any of which will do, the best first */
function metaPackage(
  project: ReleaseProject,
  kernelMeta: string,
  architecture: string,
  kernels: readonly KernelModules[],
  epoch: number,
): PackageRecipe {
  const { name, sources } = project;
  const version = debianVersion(project.version, 'PACKAGE_VERSION');
  const choices = [
    ...kernels.map((kernel) => `${modulesName(project, kernel)} (= ${version})`),
    ...(sources === undefined
      ? []
      : [`${debianName(sources.name)} (= ${debianVersion(sources.version, 'DKMS_PACK_VERSION')})`]),
  ];
  return debRecipe(
    {
      deb: metaName(project, kernelMeta),
      version,
      architecture,
      project: { name, about: aboutOf(project) },
      terms: moduleTerms,
      description: describe(
        project,
        {
          summary: `kernel modules of ${name} for the newest kernel (metapackage)`,
          description: [
            'This metapackage needs the modules for the newest kernel that',
            `${kernelMeta} stands for.`,
          ],
        },
        'PACKAGE_VALUE',
      ),
      relations: {
        Depends: [choices.join(' | ')],
        Recommends: choices.length > 1 ? choices.slice(0, 1) : [],
        Suggests: [kernelMeta],
      },
      files: [],
      scripts: {},
    },
    epoch,
  );
}
