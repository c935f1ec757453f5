import type { KernelConfig } from './config.js';

/** The compiler that a kernel was configured with. */
export interface KernelCompiler {
  family: 'gcc' | 'clang';
  major: number;
  /** CONFIG_CC_VERSION_TEXT: the first line of its `--version`. */
  text: string;
}

/**
 * The compiler of a `.config`, from CONFIG_GCC_VERSION or CONFIG_CLANG_VERSION (major × 10000 +
 * minor × 100 + patch; 0 for the other family; init/Kconfig), or undefined for kernels before 4.19.
 */
export function kernelCompiler(config: KernelConfig): KernelCompiler | undefined {
  const text = config.get('CONFIG_CC_VERSION_TEXT') ?? '';
  for (const [family, symbol] of [
    ['gcc', 'CONFIG_GCC_VERSION'],
    ['clang', 'CONFIG_CLANG_VERSION'],
  ] as const) {
    const version = Number(config.get(symbol) ?? 0);
    if (version > 0) return { family, major: Math.floor(version / 10000), text };
  }
  return undefined;
}
