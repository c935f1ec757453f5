import type { ExportedSymbol } from '../module/exports.js';

/** One exported symbol, as a line of Module.symvers describes it. */
export interface SymversEntry extends ExportedSymbol {
  /** The module that exports it, `vmlinux` or a path without `.ko`. */
  module: string;
  /** That module's licence is not compatible with the GPL. Not known of a Module.symvers. */
  proprietary?: boolean;
}

export type Symvers = ReadonlyMap<string, SymversEntry>;

/**
 * Parses a Module.symvers: CRC, symbol, module, export type, namespace, parted by tabs. Until
 * Linux 5.7 the namespace stood before the module; the export type tells which order it is.
 */
export function parseSymvers(text: string): Symvers {
  const symbols = new Map<string, SymversEntry>();
  for (const line of text.split('\n')) {
    const [crc, name, ...rest] = line.split('\t');
    if (crc === undefined || name === undefined || rest.length < 2) continue;
    const typeIndex = rest.findIndex((field) => field.startsWith('EXPORT_'));
    const [module = '', namespace = ''] =
      typeIndex === 2 ? [rest[1], rest[0]] : [rest[0], rest[2] ?? ''];
    const gplOnly = rest[typeIndex]?.startsWith('EXPORT_SYMBOL_GPL') ?? false;
    symbols.set(name, { name, crc: Number.parseInt(crc, 16), module, gplOnly, namespace });
  }
  return symbols;
}

/** What modules export, as their files say, in the form of a Module.symvers. */
export function exportsOf(
  modules: Iterable<{ name: string; exports: readonly ExportedSymbol[]; proprietary: boolean }>,
): Symvers {
  const symbols = new Map<string, SymversEntry>();
  for (const { name, exports, proprietary } of modules) {
    for (const symbol of exports)
      symbols.set(symbol.name, { ...symbol, module: name, proprietary });
  }
  return symbols;
}
