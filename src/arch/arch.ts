import { readFolder } from '../data/folder.js';
import { suggestion } from '../errors/nearest.js';
import { KbuildError } from '../errors/kbuild-error.js';

/** An architecture, as `toolchains/arch/<name>.yaml` describes it. */
export interface Arch {
  /** The kernel's ARCH, for example `arm64`. */
  name: string;
  aliases: string[];
  /** `arch/<srcarch>` in the kernel tree. */
  srcarch: string;
  /** The symbol that is set in every `.config` of this architecture. */
  config: string;
  elf: { machine: number; class: 32 | 64; endian: 'little' | 'big' };
  /** MODULE_ARCH_VERMAGIC: the architecture's word in the vermagic, maybe empty. */
  vermagic: string;
  /** GNU triple, for example `aarch64-linux-gnu`. */
  triple: string;
  /** What `uname -m` says. */
  machine: string;
  /** The name of the architecture in each packaging world. */
  debian: string;
  rpm: string;
  oci: string;
  /** The kernel flavour that Debian's meta packages (`linux-headers-<flavour>`) follow. */
  flavour: string;
  /** What a kernel's build leaves to boot from, relative to its directory; the best first. */
  images: string[];
  /** The formats of images (`src/kernel/image`) that boot on it. */
  imageFormats: string[];
  qemu: {
    binary: string;
    machine: string;
    cpu: string;
    console: string;
    /** The Debian package that has the binary. */
    package: string;
    /** What a kernel must be told to run there. */
    parameters?: string[] | undefined;
  };
}

let loaded: Arch[] | undefined;

/** All architectures of `toolchains/arch/`. */
export function allArchs(): Arch[] {
  return (loaded ??= readFolder<Arch>('toolchains/arch'));
}

/**
 * The architecture that a user names, by its name or an alias.
 * @throws KbuildError ARCH_UNKNOWN
 */
export function archByName(name: string): Arch {
  const arch = allArchs().find((a) => a.name === name || a.aliases.includes(name));
  if (arch !== undefined) return arch;
  const known = allArchs().map((a) => a.name);
  throw new KbuildError(
    'ARCH_UNKNOWN',
    `unknown architecture '${name}'`,
    suggestion(name, known, 'architectures'),
  );
}

/** The architecture of an ELF file, if it is one of `toolchains/arch/`. */
export function archOfElf(elf: { machine: number; class: 32 | 64 }): Arch | undefined {
  return allArchs().find((a) => a.elf.machine === elf.machine && a.elf.class === elf.class);
}

/** The architecture of this machine; Node's name for it is one of the aliases. */
export function hostArch(): Arch {
  return archByName(process.arch);
}
