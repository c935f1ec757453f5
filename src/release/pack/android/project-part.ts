import type { KernelModules, ReleaseProject } from '../release-project.js';

/** What a project gives to the partition of a kernel. */
export interface ProjectPart {
  project: ReleaseProject;
  kernel: KernelModules;
}

/** As the kernel calls a module, whatever its file is called. */
export const kernelName = (name: string): string => name.replaceAll('-', '_');
