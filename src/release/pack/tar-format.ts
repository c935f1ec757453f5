import { gunzip } from 'node:zlib';
import { promisify } from 'node:util';
import { depmodFiles } from './depmod-files.js';
import type { ModuleFormat, ReleaseFile, UnpackedModule } from './format.js';
import { loadFiles } from './load-files.js';
import { modulesInArchive } from './modules-in-archive.js';
import { neededModules } from './needed-modules.js';
import type { KernelModules, ReleaseProject } from './release-project.js';
import { tarball } from './tarball.js';

/**
 * A tar archive for each kernel: `lib/modules/<release>` with the modules of a project, those that they
 * need of the release's other projects, and depmod's files of exactly these.
 */
export const tarFormat: ModuleFormat = {
  pack: async (projects, { epoch }) => {
    const files: ReleaseFile[] = [];
    for (const project of projects) {
      for (const kernel of project.kernels) {
        files.push({
          path: `tar/${tarName(project, kernel)}`,
          bytes: await tarball(entriesOf(project, kernel, projects), epoch),
        });
      }
    }
    return files;
  },
  unpack: async (files) => {
    const modules: UnpackedModule[] = [];
    for (const { path: file, bytes } of files) {
      modules.push(...(await modulesInArchive(file, await promisify(gunzip)(bytes))));
    }
    return modules;
  },
};

const tarName = ({ name, version }: ReleaseProject, { release, arch }: KernelModules): string =>
  `${name}-${version}-${release}-${arch.name}.tar.gz`;

function entriesOf(
  project: ReleaseProject,
  kernel: KernelModules,
  projects: readonly ReleaseProject[],
) {
  const root = `lib/modules/${kernel.release}`;
  const modules = neededModules(project, kernel, projects);
  const depmod = Object.entries(depmodFiles(modules));
  return [
    ...modules.map(({ path, bytes }) => ({ path: `${root}/${path}`, content: bytes })),
    ...depmod.map(([name, content]) => ({ path: `${root}/${name}`, content })),
    ...loadFiles(project.name, project.settings),
  ]
    .map((entry) => ({ executable: false, ...entry }))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}
