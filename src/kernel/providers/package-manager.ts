import type { KbuildError } from '../../errors/kbuild-error.js';
import type { Progress } from '../../events/prepare.js';
import type { Repository } from '../repository.js';
import type { ProviderContext } from './port.js';

/** A version of a binary package in a repository. */
export interface Package {
  name: string;
  version: string;
  /** The distribution's own name of it: `amd64`, `all`, `aarch64`, `noarch`. */
  architecture: string;
  /** Hexadecimal, where the repository's index says it. */
  sha256?: string;
  /** Bytes to download, where the index says it. */
  size?: number;
}

/** A kernel that a repository has headers of. */
export interface AvailableKernel {
  release: string;
  /** Name of the arch, for example `arm64`. */
  arch: string;
  /** It is, or was, what the distribution itself calls its newest kernel: what `latest` means. */
  stock: boolean;
  /** The sets of packages that make its KDIR, the best first. */
  sets: Package[][];
  /** Path of the KDIR in the unpacked packages, or a glob of it. */
  kdir: string;
}

/** Where a package lies unpacked below the work directory, or why it could not be had. */
export type Download = { directory: string } | { error: KbuildError };

/** What fetches from a repository: apt, dnf. It knows mirrors and checks signatures and hashes. */
export interface PackageManager<R extends Repository = Repository> {
  /**
   * The kernels of a repository, the newest of each flavour first; the index is asked again once a
   * day, or if `refresh`.
   * @throws KbuildError FETCH_FAILED
   */
  kernels(repository: R, context: ProviderContext, refresh?: boolean): Promise<AvailableKernel[]>;
  /**
   * Downloads packages, checks them, and unpacks each into a directory of its own.
   * @param work an empty directory of this run
   * @returns for each package, in order
   */
  download(
    repository: R,
    packages: readonly Package[],
    work: string,
    context: ProviderContext,
    onProgress: (progress: Progress) => void,
  ): Promise<Download[]>;
}
