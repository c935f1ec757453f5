import { KbuildError } from '../../../errors/kbuild-error.js';
import type { PackTools, ReleaseFile } from '../format.js';
import { debImage } from '../pack-image.js';
import { installedFormat } from '../installed-format.js';
import type { PackageRecipe } from '../recipe.js';
import type { ReleaseProject } from '../release-project.js';
import { commonPackage } from './common-package.js';
import { debianVersion } from './debian-version.js';
import { metaPackages } from './meta-packages.js';
import { modulesPackage } from './modules-package.js';

/**
 * A Debian package for each kernel's modules of each project; one for what a project's kernels share;
 * and one for each of the kernel's meta packages, that follows it.
 */
export const debFormat = installedFormat({
  directory: 'deb',
  image: debImage,
  checkVersion: (version) => void debianVersion(version, 'PACKAGE_VERSION'),
  recipes: (projects, tools) => {
    const recipes = projects.flatMap((project) => recipesOf(project, projects, tools));
    checkNames(recipes);
    return recipes;
  },
  unpackRecipe: (file) => unpackRecipe(file),
});

function recipesOf(
  project: ReleaseProject,
  projects: readonly ReleaseProject[],
  { epoch }: PackTools,
): PackageRecipe[] {
  const kernels = project.kernels.filter(({ modules }) => modules.length > 0);
  const common = kernels.length > 0 ? commonPackage(project, epoch) : undefined;
  return [
    ...kernels.map((kernel) => modulesPackage(project, kernel, projects, epoch)),
    ...(common === undefined ? [] : [common]),
    ...metaPackages(project, epoch),
  ];
}

/** Names of releases are shortened to what a package may be called. */
function checkNames(recipes: readonly PackageRecipe[]): void {
  const names = recipes.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice === undefined) return;
  throw new KbuildError(
    'PACKAGE_NAME',
    `two packages would be called ${twice}`,
    "Give one of the projects another name with package.name; kernels' releases must differ in more than _ and upper case.",
  );
}

const unpackRecipe = ({ path, bytes }: ReleaseFile): PackageRecipe => ({
  name: path,
  entries: [{ path: 'package.deb', content: bytes, executable: false }],
  script: 'exec dpkg-deb --fsys-tarfile "$SRC/package.deb" > "$OUT"',
});
