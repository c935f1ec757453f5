import type { PackageAbout, SourcePackage } from '../dkms/source-package.js';

/** A module as it goes into packages. */
export interface PackedModule {
  /** Its file's name without suffixes. */
  name: string;
  /** Where it is installed, relative to /lib/modules/<release>: `updates/hello.ko.xz`. */
  path: string;
  /** As it is installed: stripped, signed, compressed. */
  bytes: Buffer;
  /** The same before it was compressed. */
  plain: Buffer;
}

/** What is installed for one kernel. */
export interface KernelModules {
  /** Id of the job that built them. */
  job: string;
  /** Kernel release. */
  release: string;
  /** Name of the arch, and its names in each packaging world. */
  arch: { name: string; debian: string; rpm: string; oci: string };
  /** Packages any of which holds the kernel, where it comes from a repository that says so. */
  kernelPackages: string[];
  /** The package that always needs the newest kernel of this kind, such as `linux-image-amd64`. */
  kernelMeta?: string;
  /** The suite that has these packages: `debian:bookworm`. */
  kernelSuite?: string;
  /**
   * What packages of the kernel provide to rpm, where it comes from a repository of rpms; they provide
   * `kernel-uname-r = <release>` too.
   */
  rpm?: {
    /** `kernel(<symbol>) = <CRC>` for each symbol that the kernel exports, as those of RHEL do. */
    symbols: boolean;
  };
  /** Sorted by path. */
  modules: PackedModule[];
}

/** What is written into modprobe.d and modules-load.d. */
export interface LoadSettings {
  /** Names of modules that are loaded at boot. */
  autoload: readonly string[];
  /** Parameters by module. */
  options: Readonly<Record<string, string>>;
  blacklist: readonly string[];
  softdep: Readonly<Record<string, { pre: readonly string[]; post: readonly string[] }>>;
}

/** A project with all that was built of it: what packages are made of. */
export interface ReleaseProject {
  /** The project's own name. */
  project: string;
  /** What names of packages begin with: lower-case letters, digits and `+ . -`. */
  name: string;
  version: string;
  about: PackageAbout;
  settings: LoadSettings;
  /** Put the modules into the initramfs when a package is installed. */
  initramfs: boolean;
  kernels: KernelModules[];
  /** Names of the projects of this release whose modules its own need. */
  depends: string[];
  /** The sources as dkms takes them, where a dkms package was asked for. */
  sources?: SourcePackage;
}
