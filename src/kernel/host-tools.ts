import { join } from 'node:path';
import { readWrappedProgram, type HostProgram } from './host-program.js';
import { KbuildError } from '../errors/kbuild-error.js';
import { kdirFindingCatalogue } from './finding-catalogue.js';
import { follow, type Roots } from './tree.js';

/** The programs of a KDIR that Kbuild runs on the build machine, and what they need of it. */
export interface HostTools {
  /** ELF e_machine of the programs. */
  machine: number;
  /** The newest glibc symbol version that they import, for example `2.34`; absent if static. */
  glibc?: string;
}

/** Kbuild runs these for every module. */
export const everyModulesTools = ['scripts/basic/fixdep', 'scripts/mod/modpost'];

/**
 * What a KDIR's host tools are, or undefined if one of them is missing.
 * @throws KbuildError KDIR_HOST_TOOLS for one that is no program
 */
export function readHostTools(roots: Roots, kdir: string): HostTools | undefined {
  const programs: HostProgram[] = [];
  for (const name of everyModulesTools) {
    const path = follow(roots, join(kdir, name));
    if (path === undefined) return undefined;
    programs.push(readTool(path));
  }
  return summariseTools(programs);
}

/** What programs need of the machine, taken together. */
export function summariseTools(programs: readonly HostProgram[]): HostTools | undefined {
  const all = programs.flatMap((program) => [program, ...program.behind]);
  const [first] = all;
  if (first === undefined) return undefined;
  // One of another machine is enough to stop a build; which one does not matter here.
  const glibc = all
    .flatMap((program) => program.glibc)
    .sort(compareVersions)
    .at(-1);
  return { machine: first.machine, ...(glibc !== undefined && { glibc }) };
}

/** @throws KbuildError KDIR_HOST_TOOLS */
export function readTool(path: string): HostProgram {
  try {
    return readWrappedProgram(path);
  } catch (cause) {
    throw new KbuildError(
      'KDIR_HOST_TOOLS',
      unreadableTool(path, cause),
      kdirFindingCatalogue.KDIR_HOST_TOOL_UNREADABLE.remedy,
      { cause },
    );
  }
}

function unreadableTool(path: string, cause: unknown): string {
  return `the host tool ${path} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`;
}

/** Orders dotted version numbers: negative if a is older than b. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((version) => version.split('.').map(Number));
  for (let i = 0; i < Math.max(left?.length ?? 0, right?.length ?? 0); i++) {
    const difference = (left?.[i] ?? 0) - (right?.[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
