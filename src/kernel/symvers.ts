/** One exported symbol, as a line of Module.symvers describes it. */
export interface ExportedSymbol {
  name: string;
  crc: number;
  /** The module that exports it, `vmlinux` or a path without `.ko`. */
  module: string;
  gplOnly: boolean;
  /** The symbol namespace, or empty. */
  namespace: string;
}

export type Symvers = ReadonlyMap<string, ExportedSymbol>;

/**
 * Parses a Module.symvers: CRC, symbol, module, export type, namespace, parted by tabs. Until
 * Linux 5.7 the namespace stood before the module; the export type tells which order it is.
 */
export function parseSymvers(text: string): Symvers {
  const symbols = new Map<string, ExportedSymbol>();
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
