import type { KernelModules, PackedModule, ReleaseProject } from './release-project.js';

/**
 * A kernel's modules of a project, with those of the projects that they need, for packages that must
 * stand alone. Sorted by path.
 */
export function neededModules(
  project: ReleaseProject,
  kernel: KernelModules,
  projects: readonly ReleaseProject[],
): PackedModule[] {
  const seen = new Set<string>();
  const gathered = new Map<string, PackedModule>();
  const gather = ({ project: name, depends, kernels }: ReleaseProject): void => {
    if (seen.has(name)) return;
    seen.add(name);
    const same = kernels.find(
      ({ release, arch }) => release === kernel.release && arch.name === kernel.arch.name,
    );
    for (const module of same?.modules ?? []) gathered.set(module.path, module);
    for (const other of projects) if (depends.includes(other.project)) gather(other);
  };
  gather(project);
  return [...gathered.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** The other projects of a release that a project needs and that have modules for a kernel. */
export const neededProjects = (
  { depends }: ReleaseProject,
  kernel: KernelModules,
  projects: readonly ReleaseProject[],
): ReleaseProject[] =>
  projects
    .filter(({ project }) => depends.includes(project))
    .filter(({ kernels }) =>
      kernels.some(
        ({ release, arch, modules }) =>
          release === kernel.release && arch.name === kernel.arch.name && modules.length > 0,
      ),
    );
