import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { KbuildError } from '../errors/kbuild-error.js';
import { readElf, sectionBytes } from '../module/elf.js';
import { decode } from '../module/bytes.js';
import { follow, type Roots } from './tree.js';

/** The programs of a KDIR that Kbuild runs on the build machine, and what they need of it. */
export interface HostTools {
  /** ELF e_machine of the programs. */
  machine: number;
  /** The newest glibc symbol version that they import, for example `2.34`; absent if static. */
  glibc?: string;
}

/** Kbuild runs these for every module. */
const programs = ['scripts/basic/fixdep', 'scripts/mod/modpost'];

/** What a KDIR's host tools are, or undefined if one of them is missing. */
export function readHostTools(roots: Roots, kdir: string): HostTools | undefined {
  const elves = [];
  for (const program of programs) {
    const path = follow(roots, join(kdir, program));
    if (path === undefined) return undefined;
    elves.push(readProgram(path));
  }
  const [first] = elves;
  if (first === undefined) return undefined;
  const glibc = elves.flatMap(glibcVersions).sort(compareVersions).at(-1);
  return { machine: first.machine, ...(glibc !== undefined && { glibc }) };
}

function readProgram(path: string): ReturnType<typeof readElf> {
  try {
    return readElf(readFileSync(path));
  } catch (cause) {
    throw new KbuildError(
      'KDIR_HOST_TOOLS',
      `the host tool ${path} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`,
      "Run 'make modules_prepare' in the KDIR.",
      { cause },
    );
  }
}

function glibcVersions(elf: ReturnType<typeof readElf>): string[] {
  const strings = decode(sectionBytes(elf, '.dynstr') ?? new Uint8Array());
  return [...strings.matchAll(/\0GLIBC_(\d+(?:\.\d+)+)(?=\0)/g)].map((match) => match[1] as string);
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
