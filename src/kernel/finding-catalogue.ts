import type { ErrorCode } from '../errors/codes.js';

/** A finding's group in docs/kernels.md. */
type Group = 'directory' | 'configuration' | 'preparation' | 'host tools' | 'symbols' | 'features';

interface CatalogueEntry {
  group: Group;
  explanation: string;
  remedy: string;
  /** The error that a plan is refused with, where it could not go on at all. */
  error?: ErrorCode;
}

/**
 * Every finding of `kdir check`: why a build minds, and what to do (Kbuild of Linux 5.10 to 7.x).
 * Codes are permanent: scripts match on them. docs/kernels.md has them all.
 */
export const kdirFindingCatalogue = {
  KDIR_NOT_FOUND: {
    group: 'directory',
    error: 'KDIR_NOT_FOUND',
    explanation: 'A module is built against a directory of its kernel; there is none.',
    remedy: 'Check the path, or let kbuild-ts fetch one: --kernel debian:bookworm.',
  },
  KDIR_UNREADABLE: {
    group: 'directory',
    error: 'FILE_UNREADABLE',
    explanation: 'A file that says what the KDIR is cannot be read.',
    remedy: "Mend its permissions ('chmod -R a+rX KDIR') or the medium that it lies on.",
  },
  KDIR_NOT_CONFIGURED: {
    group: 'directory',
    error: 'KDIR_NOT_CONFIGURED',
    explanation:
      'Kbuild needs the .config that the kernel was built with and the Makefile that goes with it.',
    remedy:
      "Give a kernel's build directory (the target of /lib/modules/<release>/build, or the O= directory of a kernel build) after 'make defconfig' or the like and 'make modules_prepare'.",
  },
  KDIR_PATH_REFUSED: {
    group: 'directory',
    error: 'KDIR_NOT_IN_PLACE',
    explanation:
      'Kbuild refuses directories with a blank or a colon in their path. A KDIR that needs nothing outside itself is shown to builds at another path; this one names its own.',
    remedy: 'Move the KDIR to a path without blanks and colons, and build the kernel there.',
  },
  KDIR_BROKEN_LINK: {
    group: 'directory',
    error: 'KDIR_BROKEN_LINK',
    explanation:
      'Distribution headers are spread over several directories; often only one of them was copied. What is no part of a kernel (/run, a home directory) is not shown to builds, whatever leads there.',
    remedy:
      'The KDIR is incomplete: install the package or copy the directory that holds the target, or fetch the headers with --kernel debian:<suite>.',
  },
  KDIR_LINK_DANGLES: {
    group: 'directory',
    explanation:
      'A link below arch, include, scripts or tools leads nowhere: what includes or runs it fails.',
    remedy: 'Install the package or copy the directory that holds the target.',
  },
  KDIR_MODULES_DISABLED: {
    group: 'configuration',
    error: 'KDIR_MODULES_DISABLED',
    explanation: 'A kernel without CONFIG_MODULES cannot load any module.',
    remedy: 'Enable CONFIG_MODULES and build the kernel again.',
  },
  KDIR_ARCH_UNKNOWN: {
    group: 'configuration',
    error: 'KDIR_ARCH_UNKNOWN',
    explanation: 'No architecture of toolchains/arch/ has its symbol set in the .config.',
    remedy: 'Describe the architecture in a file of its own in toolchains/arch/.',
  },
  KDIR_CONFIG_STALE: {
    group: 'configuration',
    explanation:
      'Modules are compiled with include/config/auto.conf and include/generated/autoconf.h, not with the .config: they would carry another vermagic than it says.',
    remedy:
      "If the .config is right, run 'make olddefconfig modules_prepare' in the KDIR and build the kernel again; if it was edited by mistake, put back the one that the kernel was built with.",
  },
  KDIR_CONFIG_DIFFERS: {
    group: 'configuration',
    explanation:
      'Modules are compiled with include/config/auto.conf and include/generated/autoconf.h, not with the .config: what was changed in it since has no effect on them.',
    remedy:
      "If the .config is right, run 'make olddefconfig modules_prepare' in the KDIR and build the kernel again; if it was edited by mistake, put back the one that the kernel was built with.",
  },
  KDIR_COMPILER_UNKNOWN: {
    group: 'configuration',
    explanation:
      'The .config does not say which compiler the kernel was configured with (kernels before 4.19 do not), so none can be chosen for it.',
    remedy: 'Name one: --toolchain gcc-12 or another of those that toolchain list shows.',
  },
  KDIR_TOOLCHAIN_MISSING: {
    group: 'configuration',
    explanation:
      "Modules are built with the kernel's own compiler: another major version knows other flags and may lay out code that the kernel's tools do not expect.",
    remedy:
      "Name another one of the same family with --toolchain (compare 'kbuild-ts toolchain list'), or describe the compiler in a file of its own in toolchains/.",
  },
  KDIR_NOT_PREPARED: {
    group: 'preparation',
    error: 'KDIR_NOT_PREPARED',
    explanation:
      "Every source file includes what 'make modules_prepare' generates, and the host tools work on every object.",
    remedy: "Run 'make modules_prepare' in it. Was it cleaned? Then build the kernel again.",
  },
  KDIR_PREPARED_IN_PART: {
    group: 'preparation',
    explanation:
      "Some of what 'make modules_prepare' generates is gone; make stops at the first file that asks for it.",
    remedy: "Run 'make modules_prepare' in the KDIR, or install its package again.",
  },
  KDIR_MODULE_LDS_MISSING: {
    group: 'preparation',
    explanation: 'Since Linux 5.10 every module is linked with the generated script module.lds.',
    remedy:
      "Run 'make modules_prepare' in the KDIR; headers packages that leave the file out are at fault.",
  },
  KDIR_HOST_TOOL_UNREADABLE: {
    group: 'host tools',
    error: 'KDIR_HOST_TOOLS',
    explanation: 'Kbuild runs these programs on the build machine; this one is no program.',
    remedy: "Run 'make modules_prepare' in the KDIR.",
  },
  KDIR_HOST_TOOL_MISSING: {
    group: 'host tools',
    explanation: 'With this configuration Kbuild runs the program when it builds modules.',
    remedy:
      "Run 'make modules_prepare' in the KDIR ('make' for resolve_btfids), or install the package that holds its host tools (Debian: linux-kbuild-<version>).",
  },
  KDIR_HOST_TOOL_MACHINE: {
    group: 'host tools',
    explanation:
      'The KDIR was prepared on a machine of another architecture: its programs do not run on this one ("Exec format error").',
    remedy:
      "Run 'make modules_prepare' in the KDIR on this machine, or install this machine's package of the tools (Debian: linux-kbuild-<version>).",
  },
  KDIR_HOST_TOOL_NOT_EXECUTABLE: {
    group: 'host tools',
    explanation:
      'A copy through a file system or an archive without modes took the x bits away ("Permission denied").',
    remedy: "Run 'chmod a+x' on it, or copy the KDIR again with 'cp -a' or tar.",
  },
  KDIR_HOST_TOOL_GLIBC: {
    group: 'host tools',
    explanation:
      'The programs were linked with a newer C library than the image of the toolchain has ("version `GLIBC_… not found").',
    remedy:
      "Run 'make modules_prepare' in the KDIR on the older system, or take a toolchain of a newer suite.",
  },
  KDIR_HOST_TOOL_LIBRARY: {
    group: 'host tools',
    explanation:
      'The program needs a shared library that the image of the toolchain does not have ("error while loading shared libraries").',
    remedy:
      "Run 'make modules_prepare' in the KDIR on a system of that suite. Without sign-file modules still build: sign them with 'kbuild-ts sign'.",
  },
  KDIR_NO_SYMVERS: {
    group: 'symbols',
    error: 'KDIR_NO_SYMVERS',
    explanation: 'modpost resolves every symbol that a module uses with this file.',
    remedy:
      "Build the whole kernel in it ('make'): 'make modules_prepare' does not write Module.symvers.",
  },
  KDIR_SYMVERS_EMPTY: {
    group: 'symbols',
    explanation:
      'modpost calls every symbol undefined that Module.symvers does not list: no module gets through.',
    remedy:
      "Build the whole kernel in the KDIR ('make', not 'make modules' alone), or copy the Module.symvers of that build into it.",
  },
  KDIR_SYMVERS_NO_CRCS: {
    group: 'symbols',
    explanation:
      'The kernel has MODVERSIONS, and a module with a CRC of 0 is refused: "disagrees about version of symbol".',
    remedy:
      "Build the kernel again with this .config: 'make' writes Module.symvers anew. Take no file of a kernel without MODVERSIONS.",
  },
  KDIR_SYMVERS_STALE: {
    group: 'symbols',
    explanation:
      'Module.symvers has CRCs and the kernel no MODVERSIONS: the file is of another configuration, and so may be the symbols in it.',
    remedy: "Build the kernel again with this .config: 'make' writes Module.symvers anew.",
  },
  KDIR_SYMVERS_OLDER: {
    group: 'symbols',
    explanation:
      'Module.symvers is older than include/config/auto.conf: where that was made by a change of the .config, and not by a copy, the kernel has not been built with it yet.',
    remedy: "If the .config was changed since the last build, run 'make' in the KDIR.",
  },
  KDIR_TRIMMED: {
    group: 'features',
    explanation:
      'With CONFIG_TRIM_UNUSED_KSYMS the kernel exports only the symbols that its own modules use: a module that uses another one does not build.',
    remedy:
      'Build the kernel without it, or name the symbols of your modules in CONFIG_UNUSED_KSYMS_WHITELIST.',
  },
  KDIR_GCC_PLUGINS: {
    group: 'features',
    explanation:
      'With CONFIG_GCC_PLUGINS the compiler loads plugins of the KDIR for every file; they must be there, be for the build machine, and be of the very GCC that loads them.',
    remedy:
      "Install gcc-<major>-plugin-dev and run 'make modules_prepare' in the KDIR with the kernel's GCC, or build the kernel without CONFIG_GCC_PLUGINS.",
  },
  KDIR_RANDSTRUCT_SEED: {
    group: 'features',
    explanation:
      'The kernel randomises its structures; without the seed a module is built with another layout and another vermagic, and is refused.',
    remedy:
      'Copy scripts/basic/randstruct.seed and include/generated/randstruct_hash.h (before 6.0: scripts/gcc-plugins/randomize_layout_seed.h and include/generated/randomize_layout_hash.h) from the build of the kernel.',
  },
  KDIR_RANDSTRUCT: {
    group: 'features',
    explanation:
      'The kernel randomises its structures: its vermagic ends in a hash over the seed, which is not computed here, so the vermagic of modules goes unchecked.',
    remedy: 'Load the module on the kernel itself to know.',
  },
  KDIR_RUST: {
    group: 'features',
    explanation:
      'The kernel has CONFIG_RUST, and its KDIR lacks the crates as the compiler wants them (rust/libkernel.rmeta): modules in Rust do not build, those in C do.',
    remedy: "For modules in Rust, run 'make LLVM=1 prepare' in the kernel's own source tree.",
  },
  KDIR_LTO_CLANG: {
    group: 'features',
    explanation:
      'With CONFIG_LTO_CLANG objects are LLVM bitcode, which only the same Clang and LLD understand for certain.',
    remedy: "Build modules with the kernel's own Clang, and with LLVM=1.",
  },
  KDIR_BTF_PAHOLE: {
    group: 'features',
    explanation:
      'CONFIG_DEBUG_INFO_BTF_MODULES is set and a vmlinux is there: modules get BTF after they are linked, by pahole and resolve_btfids.',
    remedy: 'Nothing: every image has pahole. With --runtime host, install it.',
  },
  KDIR_BTF_NO_VMLINUX: {
    group: 'features',
    explanation:
      'CONFIG_DEBUG_INFO_BTF_MODULES is set, but the KDIR has no vmlinux: Kbuild says "Skipping BTF generation", and modules load without BTF.',
    remedy: 'Nothing, unless BPF programs look into your modules: then copy vmlinux into the KDIR.',
  },
} as const satisfies Record<string, CatalogueEntry>;

export type KdirFindingCode = keyof typeof kdirFindingCatalogue;
