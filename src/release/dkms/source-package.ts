import type { TreeEntry } from '../pack/tree-entry.js';

/** A source tree that dkms takes, and what packages say of it. */
export interface SourcePackage {
  /** PACKAGE_NAME and PACKAGE_VERSION of its dkms.conf. */
  name: string;
  version: string;
  /** Sorted by path; one of them is dkms.conf. */
  entries: TreeEntry[];
  /** Names of the modules that dkms installs; empty where only its dkms.conf knows. */
  modules: string[];
  /** DKMS packages whose modules must be there before. */
  depends: string[];
  about: PackageAbout;
  /** Features that its dkms.conf needs of dkms: `exclusive` for BUILD_EXCLUSIVE_KERNEL_MIN and _MAX. */
  needs: 'exclusive'[];
}

export interface PackageAbout {
  license?: string | undefined;
  /** `Name <address>`. */
  maintainer?: string | undefined;
  /** Its first line is the summary. */
  description?: string | undefined;
  homepage?: string | undefined;
}

/** The name of the directory that holds the sources: `/usr/src/<this>`. */
export const treeName = ({ name, version }: Pick<SourcePackage, 'name' | 'version'>): string =>
  `${name}-${version}`;
