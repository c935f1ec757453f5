import { sep } from 'node:path';
import type { Kdir } from './kdir.js';
import { fetchedKernels, type FetchedKernel } from './providers/fetched-kernel.js';
import type { ProviderContext } from './providers/port.js';
import { repositoryId, type MetaPackages, type Repository } from './repository.js';

/** Packages that bring a kernel to a machine. */
export interface KernelPackages {
  /** Any of them holds the kernel, the best first. */
  packages: string[];
  /** The one that always needs the newest kernel of this kind, such as `linux-image-amd64`. */
  meta?: string;
  /** The suite that has them: `debian:bookworm`. */
  suite: string;
}

/**
 * The packages of the kernel that a KDIR is of, as the description of its repository names them. Asks
 * no repository whether it has them.
 * @returns undefined if the KDIR is of no package of apt's, or nobody knows what the kernel's are called
 */
export function kernelPackages(
  kdir: Pick<Kdir, 'release' | 'arch' | 'mounts'>,
  context: Pick<ProviderContext, 'cache' | 'repositories'>,
): KernelPackages | undefined {
  const { repository, record } = fetchedFrom(kdir, context) ?? {};
  if (repository?.manager !== 'apt' || record === undefined) return undefined;
  const { image } = repository.kernels;
  if (image === undefined) return undefined;
  const packages = image.packages.map((name) => name.replaceAll('{release}', record.release));
  const meta = metaPackage(image.metas ?? [], record.release);
  return { packages, ...(meta !== undefined && { meta }), suite: repositoryId(repository) };
}

/** The first whose releases this one is of. */
export function metaPackage(metas: readonly MetaPackages[], release: string): string | undefined {
  for (const { package: name, releases } of metas) {
    const match = new RegExp(releases).exec(release);
    if (match === null) continue;
    return name.replaceAll(/\{(\w+)\}/g, (_, group: string) => match.groups?.[group] ?? '');
  }
  return undefined;
}

/** The repository that a KDIR was fetched from, and what is known of its kernel. */
export function fetchedFrom(
  kdir: Pick<Kdir, 'release' | 'arch' | 'mounts'>,
  { cache, repositories }: Pick<ProviderContext, 'cache' | 'repositories'>,
): { repository: Repository; record: FetchedKernel } | undefined {
  for (const repository of repositories) {
    const record = fetchedKernels(cache, repository).find((one) => isOf(one, kdir));
    if (record !== undefined) return { repository, record };
  }
  return undefined;
}

/** Whether a KDIR lies in the packages of a fetched kernel, if mended in a layer over it. */
function isOf(
  { release, arch, packages }: FetchedKernel,
  kdir: Pick<Kdir, 'release' | 'arch' | 'mounts'>,
): boolean {
  if (release !== kdir.release || arch !== kdir.arch) return false;
  const [headers] = packages;
  return kdir.mounts.some(
    ({ source }) => headers !== undefined && source.startsWith(headers.directory + sep),
  );
}
