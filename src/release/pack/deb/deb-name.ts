import type { KernelModules, ReleaseProject } from '../release-project.js';

type Named = Pick<ReleaseProject, 'name'>;

/** A word as names of packages have it (policy 5.6.7): a release may have `_`, or `~` before `rc1`. */
const inName = (word: string): string => word.toLowerCase().replaceAll(/[^a-z0-9+.-]+/g, '-');

/** The package of one kernel's modules. */
export const modulesName = ({ name }: Named, { release }: Pick<KernelModules, 'release'>): string =>
  `${name}-modules-${inName(release)}`;

/** The package of what all kernels share. */
export const commonName = ({ name }: Named): string => `${name}-modules-common`;

/** The package that follows a meta package of the kernel: of `linux-image-amd64` what `amd64` is to it. */
export const metaName = ({ name }: Named, kernelMeta: string): string =>
  `${name}-modules-${kernelMeta.replace(/^linux-image-/, '')}`;
