import { join } from 'node:path';
import { KbuildError } from '../errors/kbuild-error.js';
import type { DependencyGraph } from '../module/depmod/dependency-graph.js';
import { depmodIndexes } from '../module/depmod/depmod-indexes.js';
import { depmodTexts } from '../module/depmod/depmod-texts.js';
import { allProviders, loadOrder } from '../module/depmod/load-order.js';
import { unmetImports } from '../module/depmod/unmet-imports.js';
import { writeFileAtomic } from '../storage/atomic.js';
import { ensureDirectory } from '../storage/ensure-directory.js';
import type { LoadedKernel } from './loaded-kernel.js';
import type { ModuleTree } from './module-tree.js';

/** Who needs whom, as `deps --json` gives it. Modules are named as the kernel names them. */
export interface DepsReport {
  modules: {
    name: string;
    path: string;
    /** Those whose symbols it uses. */
    needs: string[];
    /** All that must be loaded before it, in that order; absent where there are cycles. */
    before?: string[];
  }[];
  /** All modules, each after those that it needs; absent where there are cycles. */
  loadOrder?: string[];
  /** Modules that need each other: none of them can be loaded. */
  cycles: string[][];
  /** Symbols that several modules export. */
  duplicates: { symbol: string; modules: string[] }[];
  /** With a kernel: what neither it nor the modules that were given provide. */
  missing: MissingSymbol[];
}

export interface MissingSymbol {
  module: string;
  symbol: string;
  /** `unknown`: nothing exports it. `crc`: it is exported with another CRC. */
  problem: 'unknown' | 'crc';
  /** A module of the kernel that exports it and was not given, or the one of the other CRC. */
  provider?: string;
}

/** The dependencies of a tree, held against the kernel that it is for, where one is given. */
export function dependencies({ graph }: ModuleTree, kernel?: LoadedKernel): DepsReport {
  const name = (module: number) => graph.modules[module]?.name ?? '';
  const names = (modules: readonly number[]) => modules.map(name);
  const acyclic = graph.cycles.length === 0;
  const before = acyclic ? allProviders(graph) : undefined;
  return {
    modules: graph.modules.map(({ name: own, path, providers }, module) => ({
      name: own,
      path,
      needs: names(providers),
      ...(before !== undefined && { before: names(before[module] ?? []).reverse() }),
    })),
    ...(acyclic && { loadOrder: names(loadOrder(graph)) }),
    cycles: graph.cycles.map(({ path }) => names(path)),
    duplicates: graph.duplicates.map(({ symbol, modules }) => ({
      symbol,
      modules: names(modules),
    })),
    missing: kernel === undefined ? [] : missingSymbols(graph, kernel),
  };
}

function missingSymbols(graph: DependencyGraph, { symvers, kdir }: LoadedKernel): MissingSymbol[] {
  const image = [...symvers.values()].filter(({ module }) => module === 'vmlinux');
  const symbols = new Map(image.map(({ name, crc = 0 }) => [name, crc]));
  return unmetImports(graph, symbols, { crcs: kdir.modversions }).map(
    ({ module, symbol, problem, provider }) => {
      const exporter =
        provider === undefined ? symvers.get(symbol)?.module : graph.modules[provider]?.name;
      return {
        module: graph.modules[module]?.name ?? '',
        symbol,
        problem,
        ...(exporter !== undefined && { provider: exporter }),
      };
    },
  );
}

/**
 * Writes the files that depmod writes for a tree into a directory.
 * @returns their paths
 * @throws KbuildError MODULE_DEPENDENCY_CYCLE, MODULE_TREE_TOO_LARGE, STORAGE_FAILED
 */
export async function writeDepmodFiles(tree: ModuleTree, directory: string): Promise<string[]> {
  const files = { ...depmodTexts(tree.graph), ...depmodIndexes(tree.graph, tree.builtin) };
  const paths: string[] = [];
  try {
    ensureDirectory(directory);
    for (const [name, content] of Object.entries(files)) {
      const path = join(directory, name);
      await writeFileAtomic(path, content);
      paths.push(path);
    }
  } catch (cause) {
    throw new KbuildError(
      'STORAGE_FAILED',
      `${directory} cannot be written: ${(cause as Error).message}`,
      'Free some disk, mend its permissions, or name another directory with --out.',
      { cause },
    );
  }
  return paths;
}
