import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readFolder } from '../data/folder.js';

/**
 * A package repository that has kernels, as `toolchains/repository/<distribution>-<name>.yaml` or a
 * user's own file describes it. `--kernel <distribution>:<name>` names it.
 */
export type Repository = AptRepository | DnfRepository;

interface CommonRepository {
  distribution: string;
  /** The release of the distribution, as users type it: `bookworm`. */
  name: string;
  /**
   * The suite of `toolchains/suite/` that the kernels' host tools run in; its base image runs the
   * package manager too, unless `image` names another.
   */
  suite?: string | undefined;
  /** An image that has the package manager, and knows the distribution's repositories and keys. */
  image?: string | undefined;
  /** Repositories of one's own in place of the image's, in the manager's format: `.sources`, `.repo`. */
  sources?: string | undefined;
  /** Files of the keys that sign these repositories, absolute. */
  keys?: string[] | undefined;
}

/** The packages that hold what a machine boots; `{release}` is the kernel's release. */
export interface ImagePackages {
  /** Names of the package, the best first. */
  packages: string[];
  /** Matches the names of those of its dependencies that hold parts of it; absent: it is whole. */
  with?: string | undefined;
  /** Paths that the bootable image may lie at. */
  files: string[];
  /** Paths that its modules may lie at. */
  modules: string[];
  /** Packages that always need the newest kernel of a kind; absent: there are none. */
  metas?: MetaPackages[] | undefined;
}

/** Such a package for each kind of kernels that some releases are of. */
export interface MetaPackages {
  /** Its name, with the groups of `releases` in braces: `linux-image-{flavour}`. */
  package: string;
  /** Matches these kernels' releases; its named groups tell the kind. */
  releases: string;
}

export interface AptRepository extends CommonRepository {
  manager: 'apt';
  /** Suites of the image's own mirror that the image itself is not configured for. */
  pockets?: string[] | undefined;
  /** Only for the build machine's own architecture: the image's mirror has no other. */
  native?: boolean | undefined;
  kernels: {
    /** Matches the names of the packages that are a kernel's headers; the group is its release. */
    package: string;
    /** Matches the names of those of its dependencies that belong to the KDIR; absent: it is whole. */
    with?: string | undefined;
    /** The meta package that follows the newest kernel; `{flavour}` is the arch's flavour. */
    latest: string;
    /** Flavours by arch, where they are not those of `toolchains/arch/`. */
    flavours?: Record<string, string> | undefined;
    /** Path of the KDIR; `{release}` is the kernel's release. */
    kdir: string;
    /** Where the kernel itself is; absent: nobody knows. */
    image?: ImagePackages | undefined;
  };
}

export interface DnfRepository extends CommonRepository {
  manager: 'dnf';
  /** Shell commands that make an image of `image` (or of the suite) which has dnf and rpm. */
  setup?: string | undefined;
  kernels: {
    /** Name of the package of headers, for example `kernel-devel`. */
    package: string;
    /** Names of packages of the same version and source release that belong to the KDIR. */
    with?: string[] | undefined;
    /**
     * The kernel's release, of `{version}`, `{release}`, `{arch}` (rpm's name of it), and
     * `{source_release}`: the release without its last part, by which openSUSE counts rebuilds.
     */
    uname: string;
    /** Path of the KDIR, or a glob of it; `{uname}` is the kernel's release. */
    kdir: string;
    /** True for the kernel that `latest` means. */
    stock?: boolean | undefined;
  }[];
}

/** `debian:bookworm` */
export const repositoryId = ({ distribution, name }: Repository): string =>
  `${distribution}:${name}`;

let shipped: Repository[] | undefined;

/** The repositories of `toolchains/repository/`. */
export function shippedRepositories(): Repository[] {
  return (shipped ??= readFolder<Repository>('toolchains/repository'));
}

/**
 * What tells a repository from all others, as a relative path: two of a user's own may be called alike,
 * and another key or another address makes another repository of one.
 */
export function repositoryPlace(repository: Repository): string {
  const { distribution, name, keys = [] } = repository;
  if (shippedRepositories().includes(repository)) return `${distribution}/${name}`;
  const hash = createHash('sha256').update(JSON.stringify(repository));
  for (const key of keys) hash.update(readFileSync(key));
  return `${distribution}/${name}-${hash.digest('hex').slice(0, 12)}`;
}
