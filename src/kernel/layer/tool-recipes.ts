import { isSet, type KernelConfig } from '../config.js';

/** A program that Kbuild runs on the build machine while it makes modules. */
export interface ToolRecipe {
  /** Its path in the KDIR. */
  path: string;
  /** A file of the kernel's source without which it cannot be made. */
  source: string;
  /** What makes it: a target of the top Makefile, or a directory for scripts/Makefile.build. */
  make: { target: string } | { directory: string; goals?: string };
  /** Whether modules need it with this configuration. */
  needed: (config: KernelConfig, has: (path: string) => boolean) => boolean;
}

/**
 * All of them, in the order in which they are made (scripts/Makefile, scripts/Makefile.modpost,
 * scripts/Makefile.modfinal and the top Makefile of Linux 5.10 to 6.12). What only the kernel's
 * own build runs (kallsyms, sorttable, relocs) is not among them.
 */
const toolRecipes: readonly ToolRecipe[] = [
  {
    path: 'scripts/basic/fixdep',
    source: 'scripts/basic/fixdep.c',
    make: { target: 'scripts_basic' },
    needed: () => true,
  },
  {
    path: 'scripts/mod/modpost',
    source: 'scripts/mod/modpost.c',
    make: { directory: 'scripts/mod' },
    needed: () => true,
  },
  {
    path: 'scripts/genksyms/genksyms',
    source: 'scripts/genksyms/genksyms.c',
    make: { directory: 'scripts/genksyms' },
    needed: (config) =>
      isSet(config, 'CONFIG_MODVERSIONS') && !isSet(config, 'CONFIG_GENDWARFKSYMS'),
  },
  {
    path: 'scripts/gendwarfksyms/gendwarfksyms', // 6.14
    source: 'scripts/gendwarfksyms/Makefile',
    make: { directory: 'scripts/gendwarfksyms' },
    needed: (config) => isSet(config, 'CONFIG_GENDWARFKSYMS'),
  },
  {
    path: 'scripts/recordmcount',
    source: 'scripts/recordmcount.c',
    make: { directory: 'scripts', goals: 'scripts/recordmcount' },
    // Before 5.11 no symbol says so; an old KDIR that needs it has it.
    needed: (config, has) =>
      isSet(config, 'CONFIG_FTRACE_MCOUNT_USE_RECORDMCOUNT') ||
      (isSet(config, 'CONFIG_FTRACE_MCOUNT_RECORD') && has('scripts/recordmcount')),
  },
  {
    path: 'scripts/sign-file',
    source: 'scripts/sign-file.c',
    make: { directory: 'scripts', goals: 'scripts/sign-file' },
    needed: (config) => isSet(config, 'CONFIG_MODULE_SIG'),
  },
  {
    path: 'scripts/gcc-plugins',
    source: 'scripts/gcc-plugins/Makefile',
    make: { directory: 'scripts/gcc-plugins' },
    needed: (config) => isSet(config, 'CONFIG_GCC_PLUGINS'),
  },
  {
    path: 'tools/objtool/objtool',
    source: 'tools/objtool/Makefile',
    make: { target: 'tools/objtool' },
    needed: (config) => isSet(config, 'CONFIG_OBJTOOL') || isSet(config, 'CONFIG_STACK_VALIDATION'),
  },
  {
    path: 'tools/bpf/resolve_btfids/resolve_btfids',
    source: 'tools/bpf/resolve_btfids/Makefile',
    make: { target: 'tools/bpf/resolve_btfids' },
    // Without a vmlinux, Kbuild leaves BTF out (scripts/Makefile.modfinal).
    needed: (config, has) => isSet(config, 'CONFIG_DEBUG_INFO_BTF_MODULES') && has('vmlinux'),
  },
];

/** The programs that modules of a KDIR need. */
export function neededTools(config: KernelConfig, has: (path: string) => boolean): ToolRecipe[] {
  return toolRecipes.filter(({ needed }) => needed(config, has));
}
