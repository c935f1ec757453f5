import type { PackImage } from './pack-image.js';
import type { PackageFile, PackageRecipe } from './recipe.js';
import type { ReleaseProject } from './release-project.js';

/** A file of a release. */
export interface ReleaseFile {
  /** Relative to the release's directory. */
  path: string;
  bytes: Uint8Array;
}

/** What formats are given to work with. */
export interface PackTools {
  /** Seconds since 1970: the time of all that is in a package. */
  epoch: number;
  /** Runs recipes in a container without a network; gives their packages in this order. */
  run: (recipes: readonly PackageRecipe[], image: PackImage) => Promise<PackageFile[]>;
  /** A static BusyBox for an arch, by the arch's name. */
  busybox: (arch: string) => Promise<Uint8Array>;
}

/** A module as it was read out of a finished package. */
export interface UnpackedModule {
  /** The file of the release that holds it. */
  file: string;
  /** Kernel release, as the package has it. */
  release: string;
  /** As it would be installed. */
  bytes: Uint8Array;
  /** Relative to /lib/modules/<release>, or what stands for that in the format. */
  path: string;
}

/** A kind of packages. */
export interface PackageFormat {
  /**
   * Makes the packages of all projects.
   * @throws KbuildError PACKAGE_*
   */
  pack: (projects: readonly ReleaseProject[], tools: PackTools) => Promise<ReleaseFile[]>;
  /** Absent where there are no modules in it. */
  unpack?: Unpack;
  /** Default: `installed`. */
  layout?: Layout;
  /**
   * That packages can have a version; absent where any will do.
   * @throws KbuildError PACKAGE_VERSION
   */
  checkVersion?: (version: string) => void;
  /** The same of a name. @throws KbuildError PACKAGE_NAME */
  checkName?: (name: string) => void;
}

/** A kind of packages that hold modules. */
export interface ModuleFormat extends PackageFormat {
  unpack: Unpack;
}

/** How a format has modules: as they are installed, at their places, or all in one place, uncompressed. */
export type Layout = 'installed' | 'flat';

/**
 * Reads the modules back out of what `pack` made, without believing anything of how it was made.
 * @throws KbuildError PACKAGE_FAILED for what cannot be read
 */
type Unpack = (files: readonly ReleaseFile[], tools: PackTools) => Promise<UnpackedModule[]>;
