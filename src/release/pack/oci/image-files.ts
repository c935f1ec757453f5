import { depmodFiles } from '../depmod-files.js';
import { loadFiles } from '../load-files.js';
import { neededModules } from '../needed-modules.js';
import type { KernelModules, ReleaseProject } from '../release-project.js';
import { withSoftdeps } from '../softdep-lines.js';
import type { TreeEntry } from '../tree-entry.js';

/** What the operator calls `dirName`, unless it is told otherwise. */
const prefix = 'opt';

/**
 * The programs by which the operator copies the modules out of an image: its init container is the
 * image itself, running `/bin/sh -c 'mkdir -p …; cp -R …'` (kernel-module-management,
 * internal/pod/workerpodmanager.go).
 */
const programs = ['cp', 'mkdir', 'sh'];

/** The layer with a static BusyBox: the same for all kernels of an architecture. */
export function programFiles(busybox: Uint8Array): TreeEntry[] {
  const links = programs.map((name) => ({
    path: `bin/${name}`,
    content: '',
    executable: false,
    link: 'busybox',
  }));
  return [{ path: 'bin/busybox', content: busybox, executable: true }, ...links];
}

/**
 * The layer with the modules of a project for a kernel, those that they need of the release's other
 * projects, and depmod's files of exactly these.
 */
export function moduleFiles(
  project: ReleaseProject,
  kernel: KernelModules,
  projects: readonly ReleaseProject[],
): TreeEntry[] {
  const root = `${prefix}/lib/modules/${kernel.release}`;
  const modules = neededModules(project, kernel, projects);
  // modprobe reads softdeps there too, and of what says them elsewhere the operator copies nothing.
  const depmod = withSoftdeps(depmodFiles(modules), [project.settings]);
  return [
    ...modules.map(({ path, bytes }) => ({ path: `${root}/${path}`, content: bytes })),
    ...Object.entries(depmod).map(([name, content]) => ({ path: `${root}/${name}`, content })),
    ...loadFiles(project.name, project.settings),
  ]
    .map((entry) => ({ executable: false, ...entry }))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}
