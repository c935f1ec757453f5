import type { PackTools, ReleaseFile } from '../format.js';
import { rpmImage } from '../pack-image.js';
import { installedFormat } from '../installed-format.js';
import type { PackageRecipe } from '../recipe.js';
import type { ReleaseProject } from '../release-project.js';
import { commonPackage, kmodPackage } from './kmod-package.js';
import { rpmVersion } from './rpm-version.js';

/**
 * An rpm for each kernel's modules of each project, and one for what modprobe and systemd are told of
 * a project's modules, which these need.
 */
export const rpmFormat = installedFormat({
  directory: 'rpm',
  image: rpmImage,
  checkVersion: (version) => void rpmVersion(version, 'PACKAGE_VERSION'),
  recipes: (projects, tools) => projects.flatMap((project) => recipesOf(project, projects, tools)),
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
    ...kernels.map((kernel) => kmodPackage(project, kernel, projects, epoch)),
    ...(common === undefined ? [] : [common]),
  ];
}

/** Its digests are compared first: rpm2archive looks at none. */
const unpackRecipe = ({ path, bytes }: ReleaseFile): PackageRecipe => ({
  name: path,
  entries: [{ path: 'package.rpm', content: bytes, executable: false }],
  script: [
    'set -e',
    'rpmkeys --checksig --nosignature "$SRC/package.rpm"',
    'rpm2archive --nocompression - < "$SRC/package.rpm" > "$OUT"',
  ].join('\n'),
});
