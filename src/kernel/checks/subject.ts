import type { Arch } from '../../arch/arch.js';
import type { KdirReach } from '../closure.js';
import type { KernelCompiler } from '../compiler.js';
import type { KernelConfig } from '../config.js';
import type { KdirFinding } from '../findings.js';
import type { HostProgram } from '../host-program.js';
import type { Suite } from '../suite.js';

/** What the checks look at: a KDIR that has a configuration. */
export interface KdirSubject {
  /** As the build sees it. */
  path: string;
  /** Where a file or directory of the KDIR lies on this machine, links followed; undefined if nowhere. */
  find: (name: string) => string | undefined;
  config: KernelConfig;
  /** Of the kernel, as its .config or its release says: [6, 1]. */
  version: readonly [major: number, minor: number] | undefined;
  arch: Arch | undefined;
  compiler: KernelCompiler | undefined;
  reach: KdirReach;
  /** A host tool, read once; throws for one that is no program. */
  tool: (name: string) => HostProgram | undefined;
  /** The machine that builds. */
  buildArch: Arch;
  /** The suite whose image builds, if one is known to fit. */
  suite: Suite | undefined;
}

/** Looks for one kind of thing that breaks builds. */
export type KdirCheck = (subject: KdirSubject) => KdirFinding[];

/** Whether the kernel is of this version or a later one; kernels of which it is unknown are new. */
export function isSince({ version }: KdirSubject, major: number, minor: number): boolean {
  if (version === undefined) return true;
  return version[0] > major || (version[0] === major && version[1] >= minor);
}

/** The first names of many, for a message. */
export function some(names: readonly string[], limit = 5): string {
  const more = names.length - limit;
  return names.slice(0, limit).join(', ') + (more > 0 ? ` and ${more} more` : '');
}
