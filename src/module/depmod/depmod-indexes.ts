import { normaliseAlias } from './alias-pattern.js';
import { builtinModinfo, builtinModules } from './builtin.js';
import type { DependencyGraph } from './dependency-graph.js';
import { dependencyLines, symbolsInOrder } from './depmod-texts.js';
import { writeIndex } from './index-file.js';
import type { IndexEntry } from './index-writer.js';

/** The index files of depmod: what modprobe reads. */
export type DepmodIndexName =
  | 'modules.dep.bin'
  | 'modules.alias.bin'
  | 'modules.symbols.bin'
  | 'modules.builtin.bin'
  | 'modules.builtin.alias.bin';

/** What the kernel's own build left of the modules that are built in. */
export interface BuiltinInput {
  /** The text of modules.builtin. */
  readonly builtin?: string;
  /** The bytes of modules.builtin.modinfo. */
  readonly modinfo?: Uint8Array;
}

/**
 * The index files that depmod writes for a tree, byte for byte as kmod 30 writes them. Those of the
 * built-in modules are empty, as depmod's, where the kernel's build left nothing to make them of.
 * @throws KbuildError MODULE_DEPENDENCY_CYCLE, MODULE_TREE_TOO_LARGE
 */
export function depmodIndexes(
  graph: DependencyGraph,
  { builtin, modinfo }: BuiltinInput,
): Record<DepmodIndexName, Uint8Array> {
  return {
    'modules.dep.bin': writeIndex(dependencyEntries(graph)),
    'modules.alias.bin': writeIndex(aliasEntries(graph)),
    'modules.symbols.bin': writeIndex(symbolEntries(graph)),
    'modules.builtin.bin':
      builtin === undefined ? new Uint8Array() : writeIndex(builtinEntries(builtin)),
    'modules.builtin.alias.bin':
      modinfo === undefined ? new Uint8Array() : writeIndex(builtinAliasEntries(modinfo)),
  };
}

function dependencyEntries(graph: DependencyGraph): IndexEntry[] {
  return dependencyLines(graph).map((value, priority) => ({
    key: graph.modules[priority]?.name ?? '',
    value,
    priority,
  }));
}

function* aliasEntries({ modules }: DependencyGraph): Iterable<IndexEntry> {
  for (const [priority, { name, module }] of modules.entries()) {
    for (const alias of module.modinfo.alias ?? []) {
      const key = normaliseAlias(alias);
      if (key !== undefined) yield { key, value: name, priority };
    }
  }
}

function symbolEntries(graph: DependencyGraph): IndexEntry[] {
  return symbolsInOrder(graph).map(({ symbol, module, priority }) => ({
    key: `symbol:${symbol}`,
    value: module,
    priority,
  }));
}

function builtinEntries(text: string): IndexEntry[] {
  return builtinModules(text).map((key) => ({ key, value: '', priority: 0 }));
}

function* builtinAliasEntries(modinfo: Uint8Array): Iterable<IndexEntry> {
  for (const { module, tag, value } of builtinModinfo(modinfo)) {
    if (tag !== 'alias') continue;
    const key = normaliseAlias(value);
    if (key !== undefined) yield { key, value: module, priority: 0 };
  }
}
