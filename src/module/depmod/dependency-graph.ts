import type { DepmodModule } from './depmod-module.js';
import { findCycles, type DependencyCycle } from './dependency-cycles.js';
import { moduleTree, type ModuleTreeInput } from './module-tree.js';

/** A module in the graph. Modules are named by their index in `DependencyGraph.modules`. */
export interface GraphModule {
  /** As the kernel writes it, with `_`. */
  readonly name: string;
  readonly path: string;
  readonly module: DepmodModule;
  /** The modules that provide what it imports, each once, in the order of first use. */
  readonly providers: readonly number[];
}

/** Which module provides a symbol. */
export interface ProvidedSymbol {
  readonly module: number;
  readonly crc: number;
}

/** A symbol that several modules export; the last of them, in depmod's order, counts. */
export interface DuplicateSymbol {
  readonly symbol: string;
  readonly modules: readonly number[];
}

/** Who needs whom in a tree of modules, by the symbols that they export and import. */
export interface DependencyGraph {
  /** In depmod's order: that of modules.dep. */
  readonly modules: readonly GraphModule[];
  readonly symbols: ReadonlyMap<string, ProvidedSymbol>;
  readonly duplicates: readonly DuplicateSymbol[];
  /** Modules that need each other: none of them can be loaded. */
  readonly cycles: readonly DependencyCycle[];
  /** All modules, each before those that provide for it, as depmod sorts them; without those in
   * cycles and those that these need. */
  readonly usersFirst: readonly number[];
}

/** Reads the graph off the modules' symbols (kmod, tools/depmod.c). Weak imports count too. */
export function dependencyGraph(input: ModuleTreeInput): DependencyGraph {
  const placed = moduleTree(input);
  const { symbols, duplicates } = exportedSymbols(placed.map(({ module }) => module));
  const modules = placed.map(({ name, module }) => ({
    name,
    path: module.path,
    module,
    providers: providersOf(module, symbols),
  }));
  const usersFirst = sortUsersFirst(modules);
  const cycles = usersFirst.length === modules.length ? [] : findCycles(modules);
  return { modules, symbols, duplicates, cycles, usersFirst };
}

/** The name under which depmod looks for an import: on PowerPC, `.foo` is the code of `foo`. */
export const symbolKey = (name: string): string => (name.startsWith('.') ? name.slice(1) : name);

function exportedSymbols(modules: readonly DepmodModule[]) {
  const symbols = new Map<string, ProvidedSymbol>();
  const several = new Map<string, number[]>();
  for (const [module, { exports }] of modules.entries()) {
    for (const { name, crc = 0 } of exports) {
      if (name === '') continue;
      const known = symbols.get(name);
      if (known !== undefined && known.module !== module) {
        const owners = several.get(name);
        if (owners === undefined) several.set(name, [known.module, module]);
        else owners.push(module);
      }
      symbols.set(name, { module, crc });
    }
  }
  const duplicates = [...several].map(([symbol, owners]) => ({ symbol, modules: owners }));
  return { symbols, duplicates };
}

function providersOf(
  { imports }: DepmodModule,
  symbols: ReadonlyMap<string, ProvidedSymbol>,
): number[] {
  const providers = new Set<number>();
  for (const { name } of imports) {
    const provided = symbols.get(symbolKey(name));
    if (provided !== undefined) providers.add(provided.module);
  }
  return [...providers];
}

/** depmod's topological sort: of the modules that nobody left needs, the one found last is next. */
function sortUsersFirst(modules: readonly GraphModule[]): number[] {
  const users = new Int32Array(modules.length);
  const count = (module: number, by: number) => (users[module] = (users[module] ?? 0) + by);
  for (const { providers } of modules) for (const provider of providers) count(provider, 1);
  const free = [...modules.keys()].filter((module) => users[module] === 0);
  const sorted: number[] = [];
  for (let module = free.pop(); module !== undefined; module = free.pop()) {
    sorted.push(module);
    for (const provider of modules[module]?.providers ?? []) {
      if (count(provider, -1) === 0) free.push(provider);
    }
  }
  return sorted;
}
