import type { Packaging } from './packaging.js';
import type { ProjectTests } from './project-tests.js';
import type { SourceFile } from './source-files.js';

/** How a project's modules come out of its sources. */
export type BuildMethod =
  /** Kbuild runs on the directory: `make -C KDIR M=… modules`. */
  | { kind: 'kbuild' }
  /** The project's own Makefile runs, and is told where the KDIR is. */
  | { kind: 'make' }
  /** As `kbuild`, with a Kbuild file that is generated from the description. */
  | { kind: 'generated'; kbuild: string; makefile: string }
  /** As its `dkms.conf` says, which is evaluated in the build. */
  | { kind: 'dkms' };

/** A source tree that yields modules: what there is to build, whatever described it. Serialisable. */
export interface Project {
  name: string;
  version?: string;
  /** What MODULE_LICENSE must say in every module, if the configuration says. */
  license?: string;
  /** Absolute. */
  directory: string;
  method: BuildMethod;
  files: SourceFile[];
  /** Those of them that no build reads (the configuration, scripts of tests): they do not go into one. Relative. */
  apart?: string[];
  /** Set where the method is `dkms`: as of any such tree. */
  directories?: string[];
  /** Names of the modules that must come out; empty if only the project's Makefile knows. */
  expected: string[];
  /** Directories of the projects whose symbols it uses; absolute. */
  depends: string[];
  /** More variables for the make line. `MO` is relative to the directory. */
  make: Record<string, string>;
  kernels: string[];
  archs: string[];
  toolchains: string[];
  /** Absolute. */
  output: string;
  signing?: Signing;
  /** Set where the method is `dkms`. */
  dkms?: DkmsSettings;
  /** Debian packages that its image must hold besides the toolchain. */
  buildDeps: string[];
  /** What packages of its modules are made with, if the configuration says. */
  packaging?: Packaging;
  /** How its modules are tried in a booted kernel, if the configuration says. */
  tests?: ProjectTests;
  /** Set where its sources were unpacked from an archive. */
  origin?: Origin;
}

/** What is given to a DKMS source besides its files. */
export interface DkmsSettings {
  /** `NAME=value`: directives that count for more than those of dkms.conf, in order. */
  directives: string[];
  /** A directory that stands for /etc/dkms, where dkms looks for overlays. */
  overlay?: SourceTree;
  /** Trees that it finds beside it in /usr/src. */
  with: WithTree[];
}

/** Files of a directory that go into a build. */
export interface SourceTree {
  /** Absolute. */
  directory: string;
  files: SourceFile[];
  /** Directories without files that go along; relative. */
  directories?: string[];
}

/** A source tree that another one finds in /usr/src. */
export interface WithTree extends SourceTree {
  /** The name of its directory there. */
  name: string;
}

/** Where a project's sources come from, and what the archive says of itself. */
export interface Origin {
  /** Absolute. */
  archive: string;
  /** Fields of a Debian package. */
  package?: string;
  version?: string;
  depends?: string;
}

/** What to sign modules with; paths are absolute. */
export interface Signing {
  /** A path, or a PKCS#11 URI. */
  key: string;
  cert: string;
  hash?: string;
}
