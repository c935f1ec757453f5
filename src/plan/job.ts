import type { JobLabel } from '../events/event.js';
import type { Kdir } from '../kernel/kdir.js';
import type { Project } from '../project/project.js';

/** A project as a job sees it: its files and where they lie in the build. */
export interface PlacedProject {
  project: Project;
  /** Relative to the build directory. */
  placement: string;
  digest: string;
}

/** One project to be built for one KDIR with one toolchain. Serialisable. */
export interface Job extends JobLabel {
  /** Names all inputs by content: equal keys give equal modules. Hexadecimal SHA-256. */
  key: string;
  kdir: Kdir;
  /** The toolchain's image by name; the name holds a hash over what it is made of. */
  image: string;
  source: PlacedProject;
  /** The projects that it depends on, directly or not: their files lie beside its own. */
  dependencies: PlacedProject[];
  /** The jobs whose Module.symvers it needs. */
  needs: string[];
  /** Arguments of make, without `-j`, in the paths that a container has. */
  make: string[];
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
