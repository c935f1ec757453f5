import { symbolKey, type DependencyGraph } from './dependency-graph.js';

/** The symbols of the kernel image, each with its CRC. */
export type KernelSymbols = ReadonlyMap<string, number>;

/** An import that the tree and its kernel do not fulfil. */
export interface UnmetImport {
  /** Index of the module that imports the symbol. */
  readonly module: number;
  readonly symbol: string;
  /** `unknown`: nothing exports it. `crc`: what exports it has another CRC. */
  readonly problem: 'unknown' | 'crc';
  /** The module that exports it, if it is not the kernel image. */
  readonly provider?: number;
}

/** What the kernel's loader, or the linker on some architectures, adds to every module. */
export const loaderSymbols: KernelSymbols = new Map([
  ['__this_module', 0],
  ['_GLOBAL_OFFSET_TABLE_', 0],
  ['TOC.', 0],
]);

/**
 * What `depmod -e` warns of, in its order: module by module, and import by import. Weak imports
 * may stay unresolved.
 * @param kernel what the image exports: the lines of Module.symvers that name `vmlinux`
 * @param crcs whether to compare CRCs, as with -E; with -F depmod knows none
 */
export function unmetImports(
  graph: DependencyGraph,
  kernel: KernelSymbols,
  { crcs }: { crcs: boolean },
): UnmetImport[] {
  const unmet: UnmetImport[] = [];
  for (const [
    module,
    {
      module: { imports },
    },
  ] of graph.modules.entries()) {
    for (const { name: symbol, weak, crc = 0 } of imports) {
      if (weak) continue;
      const key = symbolKey(symbol);
      const provided = graph.symbols.get(key);
      const offered = provided?.crc ?? loaderSymbols.get(key) ?? kernel.get(key);
      if (offered === undefined) unmet.push({ module, symbol, problem: 'unknown' });
      else if (crcs && offered !== crc) {
        const provider = provided === undefined ? {} : { provider: provided.module };
        unmet.push({ module, symbol, problem: 'crc', ...provider });
      }
    }
  }
  return unmet;
}
