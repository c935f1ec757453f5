import { builtinModinfo, builtinModules } from '../depmod/builtin.js';
import type { DependencyGraph } from '../depmod/dependency-graph.js';
import type { BuiltinInput } from '../depmod/depmod-indexes.js';
import { allProviders } from '../depmod/load-order.js';
import { AliasTable } from './alias-table.js';

/** What modprobe knows of lib/modules/<release>: what depmod wrote there. */
export interface ModprobeTree {
  readonly graph: DependencyGraph;
  /** For each module, by index, what must be loaded before it: users first, as in modules.dep. */
  readonly providers: readonly (readonly number[])[];
  /** Indices of modules, by name. */
  readonly byName: ReadonlyMap<string, number>;
  readonly aliases: AliasTable;
  /** The names of modules that the kernel image holds. */
  readonly builtin: ReadonlySet<string>;
  readonly builtinAliases: AliasTable;
}

/**
 * Makes a tree of modules ready for `planModprobe`.
 * @throws KbuildError MODULE_DEPENDENCY_CYCLE, MODULE_TREE_TOO_LARGE
 */
export function modprobeTree(
  graph: DependencyGraph,
  { builtin = '', modinfo }: BuiltinInput = {},
): ModprobeTree {
  const aliases = new AliasTable();
  for (const { name, module } of graph.modules) {
    for (const alias of module.modinfo.alias ?? []) aliases.add(alias, name);
  }
  const builtinAliases = new AliasTable();
  for (const { module, tag, value } of modinfo === undefined ? [] : builtinModinfo(modinfo)) {
    if (tag === 'alias') builtinAliases.add(value, module);
  }
  return {
    graph,
    providers: allProviders(graph),
    byName: new Map(graph.modules.map(({ name }, index) => [name, index])),
    aliases,
    builtin: new Set(builtinModules(builtin)),
    builtinAliases,
  };
}
