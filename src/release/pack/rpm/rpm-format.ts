import { unpackArchive } from '../../../artifact/collect.js';
import type { ModuleFormat, PackTools, ReleaseFile, UnpackedModule } from '../format.js';
import { rpmImage } from '../pack-image.js';
import type { PackageRecipe } from '../recipe.js';
import type { ReleaseProject } from '../release-project.js';
import { commonPackage, kmodPackage } from './kmod-package.js';

/**
 * An rpm for each kernel's modules of each project, and one for what modprobe and systemd are told of
 * a project's modules, which these need.
 */
export const rpmFormat: ModuleFormat = {
  pack: async (projects, tools) => {
    const recipes = projects.flatMap((project) => recipesOf(project, projects, tools));
    const packages = await tools.run(recipes, rpmImage);
    return packages.map(({ name, bytes }) => ({ path: `rpm/${name}`, bytes }));
  },
  unpack: async (files, tools) => {
    const archives = await tools.run(files.map(unpackRecipe), rpmImage);
    const modules: UnpackedModule[] = [];
    for (const [i, { bytes }] of archives.entries()) {
      const file = files[i]?.path ?? '';
      for (const entry of await unpackArchive(Buffer.from(bytes))) {
        const [, release = '', path] = /^lib\/modules\/([^/]+)\/(.*\.ko.*)$/.exec(entry.path) ?? [];
        if (path === undefined) continue;
        modules.push({ file, release, path, bytes: entry.bytes });
      }
    }
    return modules;
  },
};

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
