import type { DependencyGraph } from './dependency-graph.js';

/** The graph for Graphviz: an arrow from each module to each that provides symbols for it. */
export function toDot({ modules }: DependencyGraph): string {
  const id = (module: number) => quoted(modules[module]?.name ?? '');
  const lines = modules.flatMap(({ providers }, module) => [
    `  ${id(module)};`,
    ...providers.map((provider) => `  ${id(module)} -> ${id(provider)};`),
  ]);
  return ['digraph modules {', '  rankdir=LR;', '  node [shape=box];', ...lines, '}', ''].join(
    '\n',
  );
}

/** A quoted ID of Graphviz. A backslash counts where the ID becomes a label, as `\N` or `\n`. */
const quoted = (name: string): string =>
  `"${name.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
