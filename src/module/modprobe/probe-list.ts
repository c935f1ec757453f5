import { lookUp, softDependencies, type FoundModule } from './lookup.js';
import type { ModprobeConfig } from './modprobe-config.js';
import type { ModprobeTree } from './modprobe-tree.js';

/** A module in the list of those that modprobe goes through. */
export interface ProbeEntry extends FoundModule {
  /** It is the one that was asked for. */
  readonly asked: boolean;
  /** It is that one, or needed by it; else it is a soft dependency. */
  readonly required: boolean;
  /** Its install command does not count: it has soft dependencies, which take precedence. */
  readonly ignoresInstall: boolean;
}

interface Node extends FoundModule {
  visited: boolean;
  required: boolean;
  ignoresInstall: boolean;
}

interface Sources {
  readonly tree: ModprobeTree;
  readonly config: ModprobeConfig;
  readonly ignoreInstall: boolean;
}

/**
 * The modules that modprobe goes through for one of them, in order: what it needs with its soft
 * dependencies, then its own (kmod 30, kmod_module_get_probe_list). A module may stand there twice.
 */
export function probeList(asked: FoundModule, sources: Sources): ProbeEntry[] {
  const { tree, config } = sources;
  const { modules } = tree.graph;
  const nodes = new Map<string, Node>();
  const list: Node[] = [];

  // A module that an alias named is another one than that of its name: its options may differ.
  const nodeOf = (found: FoundModule): Node => {
    const key = `${found.name}\\${found.alias ?? ''}`;
    const known = nodes.get(key);
    if (known !== undefined) return known;
    const node = { ...found, visited: false, required: false, ignoresInstall: false };
    nodes.set(key, node);
    return node;
  };

  /** A module between its soft dependencies. */
  const surround = (node: Node): void => {
    const own = modules[tree.byName.get(node.name) ?? -1]?.module.modinfo.softdep ?? [];
    const soft = softDependencies(node.name, own, config);
    const [pre, post] = [soft.pre, soft.post].map((names) =>
      names.flatMap((name) => lookUp(name, sources)).map(nodeOf),
    );
    for (const other of pre ?? []) visit(other, {});
    list.push(node);
    node.ignoresInstall = (pre ?? []).length > 0 || (post ?? []).length > 0;
    for (const other of post ?? []) visit(other, {});
  };

  const visit = (node: Node, { required = false, alone = false }): void => {
    if (node.visited) return;
    node.visited = true;
    const index = tree.byName.get(node.name);
    const needed = index === undefined ? [] : [...(tree.providers[index] ?? [])].reverse();
    const dependencies = needed.map((at) => nodeOf({ name: modules[at]?.name ?? '' }));
    if (required) for (const one of [node, ...dependencies]) one.required = true;
    for (const dependency of dependencies) surround(dependency);
    if (alone) {
      list.push(node);
      node.ignoresInstall = true;
    } else surround(node);
  };

  const first = nodeOf(asked);
  visit(first, { required: true, alone: sources.ignoreInstall });
  return list.map((node) => ({ ...node, asked: node === first }));
}
