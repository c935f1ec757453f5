import { isSet, type KernelConfig } from './config.js';
import type { KdirFinding } from './findings.js';

/** A program that Kbuild runs on the build machine while it makes modules. */
export interface NeededTool {
  /** Its path in the KDIR; of GCC's plugins, that of their directory. */
  path: string;
  /** What it means if it does not run: `error` if no module can be built. */
  severity: KdirFinding['severity'];
  /** Why Kbuild runs it. */
  why: string;
  /** Whether Kbuild runs it with this configuration. */
  needed: (config: KernelConfig, has: (path: string) => boolean) => boolean;
  /** How it is made; absent for what no build runs. */
  recipe?: {
    /** A file of the kernel's source without which it cannot be made. */
    source: string;
    /** A target of the top Makefile, or a directory for scripts/Makefile.build. */
    make: { target: string } | { directory: string; goals?: string };
  };
}

/** A program that can be made. */
export type ToolRecipe = Pick<NeededTool, 'path'> & NonNullable<NeededTool['recipe']>;

/** Where GCC's plugins are. */
export const pluginDirectory = 'scripts/gcc-plugins';

/** Since 5.11 one of these says how calls for ftrace are recorded; before, none does. */
const waysToRecord = ['PATCHABLE_FUNCTION_ENTRY', 'CC', 'OBJTOOL', 'RECORDMCOUNT'].map(
  (way) => `CONFIG_FTRACE_MCOUNT_USE_${way}`,
);

/**
 * All of them, in the order in which they are made (scripts/Makefile, scripts/Makefile.build,
 * scripts/Makefile.modpost, scripts/Makefile.modfinal and the top Makefile of Linux 5.10 to 7.x).
 * What only the kernel's own build runs (kallsyms, sorttable, relocs) is not among them.
 */
const tools: readonly NeededTool[] = [
  {
    path: 'scripts/basic/fixdep',
    severity: 'error',
    why: 'every module',
    needed: () => true,
    recipe: { source: 'scripts/basic/fixdep.c', make: { target: 'scripts_basic' } },
  },
  {
    path: 'scripts/mod/modpost',
    severity: 'error',
    why: 'every module',
    needed: () => true,
    recipe: { source: 'scripts/mod/modpost.c', make: { directory: 'scripts/mod' } },
  },
  {
    path: 'scripts/genksyms/genksyms',
    severity: 'warning', // modules that export no symbol build without it
    why: 'CONFIG_MODVERSIONS',
    needed: (config) =>
      isSet(config, 'CONFIG_MODVERSIONS') && !isSet(config, 'CONFIG_GENDWARFKSYMS'),
    recipe: { source: 'scripts/genksyms/genksyms.c', make: { directory: 'scripts/genksyms' } },
  },
  {
    path: 'scripts/gendwarfksyms/gendwarfksyms', // 6.14
    severity: 'warning',
    why: 'CONFIG_GENDWARFKSYMS',
    needed: (config) => isSet(config, 'CONFIG_GENDWARFKSYMS'),
    recipe: {
      source: 'scripts/gendwarfksyms/Makefile',
      make: { directory: 'scripts/gendwarfksyms' },
    },
  },
  {
    path: 'scripts/recordmcount',
    severity: 'error',
    why: 'CONFIG_FTRACE_MCOUNT_USE_RECORDMCOUNT',
    needed: (config, has) => {
      if (!isSet(config, 'CONFIG_HAVE_C_RECORDMCOUNT')) return false; // a script in Perl does it
      const ways = waysToRecord.filter((symbol) => isSet(config, symbol));
      if (ways.length > 0) return ways.includes('CONFIG_FTRACE_MCOUNT_USE_RECORDMCOUNT');
      // An old KDIR that needs it has it.
      return isSet(config, 'CONFIG_FTRACE_MCOUNT_RECORD') && has('scripts/recordmcount');
    },
    recipe: {
      source: 'scripts/recordmcount.c',
      make: { directory: 'scripts', goals: 'scripts/recordmcount' },
    },
  },
  {
    path: 'scripts/sign-file',
    severity: 'note', // only modules_install runs it, and kbuild-ts signs by itself
    why: 'CONFIG_MODULE_SIG',
    needed: (config) => isSet(config, 'CONFIG_MODULE_SIG'),
  },
  {
    path: pluginDirectory,
    severity: 'error',
    why: 'CONFIG_GCC_PLUGINS',
    needed: (config) => isSet(config, 'CONFIG_GCC_PLUGINS'),
    recipe: {
      source: `${pluginDirectory}/Makefile`,
      make: { directory: pluginDirectory },
    },
  },
  {
    path: 'tools/objtool/objtool',
    severity: 'error',
    why: 'CONFIG_OBJTOOL',
    // Since 5.19 objtool has a symbol of its own, which stack validation selects.
    needed: (config) => isSet(config, 'CONFIG_OBJTOOL') || isSet(config, 'CONFIG_STACK_VALIDATION'),
    recipe: { source: 'tools/objtool/Makefile', make: { target: 'tools/objtool' } },
  },
  {
    path: 'tools/bpf/resolve_btfids/resolve_btfids',
    severity: 'error',
    why: 'CONFIG_DEBUG_INFO_BTF_MODULES',
    // Without a vmlinux, Kbuild leaves BTF out (scripts/Makefile.modfinal).
    needed: (config, has) => isSet(config, 'CONFIG_DEBUG_INFO_BTF_MODULES') && has('vmlinux'),
    recipe: {
      source: 'tools/bpf/resolve_btfids/Makefile',
      make: { target: 'tools/bpf/resolve_btfids' },
    },
  },
];

/** What Kbuild runs for modules of a KDIR. */
export function neededTools(config: KernelConfig, has: (path: string) => boolean): NeededTool[] {
  return tools.filter(({ needed }) => needed(config, has));
}

/** How those of them are made that a build runs. */
export function toolRecipes(config: KernelConfig, has: (path: string) => boolean): ToolRecipe[] {
  return neededTools(config, has).flatMap(({ path, recipe }) =>
    recipe === undefined ? [] : [{ path, ...recipe }],
  );
}
