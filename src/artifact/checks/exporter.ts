import type { SymversEntry } from '../../kernel/symvers.js';
import { normaliseModuleName } from '../../module/read-module.js';
import type { Subject, Target } from './subject.js';

/** Symbols that no other module and not the module itself gives it. */
export function unresolvedImports(subject: Subject, target: Target): string[] {
  const names = subject.info.imports.map(({ name }) => name);
  return names.filter((name) => exporterOf(name, subject, target) === undefined);
}

/**
 * The kernel's image goes before all (find_symbol, kernel/module/main.c), siblings before its
 * modules: it is they that will be loaded. No module gives a symbol to itself.
 */
export function exporterOf(
  symbol: string,
  { name }: Subject,
  { siblings, symvers }: Target,
): SymversEntry | undefined {
  const ofKernel = symvers.get(symbol);
  if (ofKernel?.module === image) return ofKernel;
  const sibling = siblings.get(symbol);
  const isItself = sibling !== undefined && baseName(sibling.module) === normaliseModuleName(name);
  return (isItself ? undefined : sibling) ?? ofKernel;
}

/** As a Module.symvers calls the kernel's image. */
export const image = 'vmlinux';

/** The name of a module that a Module.symvers names by its path. */
export const baseName = (module: string): string =>
  normaliseModuleName(module.slice(module.lastIndexOf('/') + 1));
