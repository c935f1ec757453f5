import type { ModuleFormat, PackTools, ReleaseFile } from './format.js';
import { modulesInArchive } from './modules-in-archive.js';
import type { PackImage } from './pack-image.js';
import type { PackageRecipe } from './recipe.js';
import type { ReleaseProject } from './release-project.js';

/** What tells one format of a package manager from another. */
interface InstalledFormat {
  /** Of the release, where its packages go. */
  directory: string;
  image: PackImage;
  checkVersion: (version: string) => void;
  recipes: (projects: readonly ReleaseProject[], tools: PackTools) => PackageRecipe[];
  /** Makes a tar archive of what a package installs. */
  unpackRecipe: (file: ReleaseFile) => PackageRecipe;
}

/** A format whose packages are made, and taken apart again, by the tools of a package manager. */
export const installedFormat = (format: InstalledFormat): ModuleFormat => ({
  checkVersion: format.checkVersion,
  pack: async (projects, tools) => {
    const packages = await tools.run(format.recipes(projects, tools), format.image);
    return packages.map(({ name, bytes }) => ({ path: `${format.directory}/${name}`, bytes }));
  },
  unpack: async (files, tools) => {
    const archives = await tools.run(files.map(format.unpackRecipe), format.image);
    const modules = archives.map(({ bytes }, i) => modulesInArchive(files[i]?.path ?? '', bytes));
    return (await Promise.all(modules)).flat();
  },
});
