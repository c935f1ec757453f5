import type { JobLabel } from '../events/event.js';
import type { Kdir } from '../kernel/kdir.js';
import type { Project, SourceTree } from '../project/project.js';

/** A project as a job sees it: its files and where they lie in the build. */
export interface PlacedProject {
  project: Project;
  /** Relative to the build directory. */
  placement: string;
  digest: string;
}

/** A source tree of which a job needs the files alone. */
export interface PlacedTree {
  tree: SourceTree;
  /** Relative to the directory of sources. */
  placement: string;
  /** The name of its directory in /usr/src. */
  name: string;
  digest: string;
}

/** What a job needs to build as a dkms.conf says. */
export interface DkmsJob {
  /** The name of the source's directory in /usr/src. */
  directory: string;
  /** What `uname -m` says on the kernel's machine. */
  machine: string;
  /** The name of its architecture in Debian. */
  debian: string;
  /** CROSS_COMPILE; empty where the compiler is this machine's own, or knows its target. */
  prefix: string;
  /** The prefix of the target's strip and objcopy; empty where they are this machine's own. */
  binutils: string;
  /** Variables for every make: those of the configuration, W and C. */
  variables: Record<string, string>;
  /** `NAME=value`. */
  directives: string[];
  overlay?: PlacedTree;
  /** Beside it in /usr/src. */
  with: PlacedTree[];
}

/** One project to be built for one KDIR with one toolchain. Serialisable. */
export interface Job extends JobLabel {
  /** Names all inputs by content: equal keys give equal modules. Hexadecimal SHA-256. */
  key: string;
  kdir: Kdir;
  /** The reference by which this very kernel is got again, where one gave it. */
  kernel?: string;
  /** The toolchain's image by name; the name holds a hash over what it is made of. */
  image: string;
  source: PlacedProject;
  /** The projects that it depends on, directly or not: their files lie beside its own. */
  dependencies: PlacedProject[];
  /** The jobs whose Module.symvers it needs. */
  needs: string[];
  /** Arguments of make, without `-j`, in the paths that a container has; none where dkms.conf has them. */
  make: string[];
  /** Set for a project that is built as its dkms.conf says. */
  dkms?: DkmsJob;
  env: Record<string, string>;
  /** Names of the modules that must come out; empty if only the project's Makefile knows. */
  expected: string[];
  /** Where its modules go, relative to the output directory. */
  output: string;
}

/** What identifies a job in events and records. */
export const labelOf = ({ id, project, release, arch, toolchain }: Job): JobLabel => ({
  id,
  project,
  release,
  arch,
  toolchain,
});
