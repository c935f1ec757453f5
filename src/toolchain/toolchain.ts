import type { Arch } from '../arch/arch.js';
import { readFolder } from '../data/folder.js';
import { KbuildError } from '../errors/kbuild-error.js';
import { suggestion } from '../errors/nearest.js';

/** A compiler with its binutils, as `toolchains/<name>.yaml` describes it. */
export interface Toolchain {
  name: string;
  family: 'gcc' | 'clang';
  major: number;
  /** The suite that its image is made of. */
  suite: string;
  packages: {
    /** For the build machine's own architecture, and for host tools. */
    native: string[];
    /** For each other architecture; `{triple}` stands for its GNU triple. */
    cross: string[];
  };
  /** The compiler's program, which the host must have where no image is used. */
  program: string;
  /** Variables of the make line; `{triple}` stands for the GNU triple. */
  make: Record<string, string>;
}

let loaded: Toolchain[] | undefined;

/** All toolchains of `toolchains/`. */
export function allToolchains(): Toolchain[] {
  return (loaded ??= readFolder<Toolchain>('toolchains'));
}

/** @throws KbuildError TOOLCHAIN_UNKNOWN */
export function toolchainByName(name: string): Toolchain {
  const toolchain = allToolchains().find((t) => t.name === name);
  if (toolchain !== undefined) return toolchain;
  const known = allToolchains().map((t) => t.name);
  throw new KbuildError(
    'TOOLCHAIN_UNKNOWN',
    `unknown toolchain '${name}'`,
    suggestion(name, known, 'toolchains'),
  );
}

/** The variables that make Kbuild use a toolchain for an arch, ARCH among them. */
export function makeVariables(toolchain: Toolchain, arch: Arch): Record<string, string> {
  const expanded = Object.entries(toolchain.make).map(
    ([name, value]) => [name, value.replaceAll('{triple}', arch.triple)] as const,
  );
  return { ARCH: arch.name, ...Object.fromEntries(expanded) };
}
