import { KbuildError } from '../../../errors/kbuild-error.js';
import type { ModuleFormat, ReleaseFile, UnpackedModule } from '../format.js';
import type { ReleaseProject } from '../release-project.js';
import { partitionFiles } from './partition-files.js';
import { kernelName, type ProjectPart } from './project-part.js';

/** Where the partition is mounted, and where Android looks for modules in it. */
const modulesDirectory = 'vendor_dlkm/lib/modules';

/**
 * For each kernel, the tree of a vendor_dlkm partition with the modules of all projects: an image of
 * the partition is made of it, or its modules are given to Android's build. The modules are not
 * compressed, which Android's loader does not read.
 */
export const androidFormat: ModuleFormat = {
  layout: 'flat',
  pack: (projects) =>
    Promise.resolve(
      [...byKernel(projects)].flatMap(([kernel, parts]) => {
        refuseSameFiles(kernel, parts);
        return Object.entries(partitionFiles(modulesDirectory, parts)).map(([name, content]) => ({
          path: `android/${kernel}/${modulesDirectory}/${name}`,
          bytes: Buffer.from(content),
        }));
      }),
    ),
  unpack: (files) => Promise.resolve(files.flatMap(moduleOf)),
};

/** By `<release>-<arch>`, sorted. */
function byKernel(projects: readonly ReleaseProject[]): [string, ProjectPart[]][] {
  const groups = new Map<string, ProjectPart[]>();
  for (const project of projects) {
    for (const kernel of project.kernels) {
      const key = `${kernel.release}-${kernel.arch.name}`;
      groups.set(key, [...(groups.get(key) ?? []), { project, kernel }]);
    }
  }
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** All lie in one directory, and the kernel knows each name once. */
function refuseSameFiles(kernel: string, parts: readonly ProjectPart[]): void {
  const owners = new Map<string, string>();
  for (const { project, kernel: built } of parts) {
    for (const { name } of built.modules) {
      const other = owners.get(kernelName(name));
      owners.set(kernelName(name), project.project);
      if (other === undefined) continue;
      throw new KbuildError(
        'PACKAGE_MODULES',
        `the partition of ${kernel} would have two modules ${name}: of ${other} and of ${project.project}`,
        'The kernel tells modules by their names alone: rename one of them, or package one build of it.',
      );
    }
  }
}

function moduleOf({ path: file, bytes }: ReleaseFile): UnpackedModule[] {
  const pattern = /^android\/(.+)-[^-/]+\/vendor_dlkm\/lib\/modules\/([^/]+\.ko)$/;
  const [, release, path] = pattern.exec(file) ?? [];
  if (release === undefined || path === undefined) return [];
  return [{ file, release, path, bytes }];
}
