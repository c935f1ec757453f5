import type { KernelConfig } from '../config.js';

/**
 * Symbols that say what the tools can do, and nothing of what a module sees of the kernel: another
 * patch level of the same compiler has others (scripts/Kconfig.include, init/Kconfig). COMPAT_VDSO
 * asks for a second, 32-bit compiler, for what programs alone see (arch/arm64/Kconfig).
 */
const ofTools =
  /^CONFIG_(?:(?:CC|GCC|CLANG|AS|LD|LLD|PAHOLE|RUSTC|RUSTC_LLVM|BINDGEN)_VERSION(?:_TEXT)?|(?:CC|GCC|CLANG|AS|LD|PAHOLE|RUSTC)_(?:HAS|CAN|SUPPORTS)_\w+|TOOLS_SUPPORT_\w+|(?:GENERIC_|THUMB2_)?COMPAT_VDSO)$/;

/** What became another value when a kernel was configured again: `CONFIG_SMP: y, now not set`. */
export interface ConfigDrift {
  /** What would be another kernel. */
  kernel: string[];
  /** What only the tools' versions differ in. */
  tools: string[];
}

/** Compares a configuration with what Kconfig made of it. */
export function configDrift(before: KernelConfig, after: KernelConfig): ConfigDrift {
  const drift: ConfigDrift = { kernel: [], tools: [] };
  for (const name of new Set([...before.keys(), ...after.keys()])) {
    const [old, now] = [before.get(name), after.get(name)];
    if (old === now) continue;
    const said = `${name}: ${old ?? 'not set'}, now ${now ?? 'not set'}`;
    drift[ofTools.test(name) ? 'tools' : 'kernel'].push(said);
  }
  return drift;
}
