import type { SourceFile } from './source-files.js';

/** How a project's modules come out of its sources. */
export type BuildMethod =
  /** Kbuild runs on the directory: `make -C KDIR M=… modules`. */
  | { kind: 'kbuild' }
  /** The project's own Makefile runs, and is told where the KDIR is. */
  | { kind: 'make' }
  /** As `kbuild`, with a Kbuild file that is generated from the description. */
  | { kind: 'generated'; kbuild: string; makefile: string };

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
}

/** What to sign modules with; paths are absolute. */
export interface Signing {
  /** A path, or a PKCS#11 URI. */
  key: string;
  cert: string;
  hash?: string;
}
