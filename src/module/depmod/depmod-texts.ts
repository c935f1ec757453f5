import { fromByteString } from './byte-string.js';
import type { DependencyGraph } from './dependency-graph.js';
import { devnameText } from './devname.js';
import { inHashOrder } from './hash-order.js';
import { allProviders, treeTooLarge } from './load-order.js';

/** The text files of depmod. kmod 30 writes all but modules.weakdep, which came with kmod 33. */
export type DepmodTextName =
  | 'modules.dep'
  | 'modules.alias'
  | 'modules.softdep'
  | 'modules.weakdep'
  | 'modules.symbols'
  | 'modules.devname';

/**
 * The text files that depmod writes for a tree, byte for byte as UTF-8.
 * @throws KbuildError MODULE_DEPENDENCY_CYCLE: depmod writes nothing then; MODULE_TREE_TOO_LARGE
 */
export function depmodTexts(graph: DependencyGraph): Record<DepmodTextName, string> {
  return {
    'modules.dep': dependenciesText(graph),
    'modules.alias': aliasText(graph),
    'modules.softdep': softdepText(graph),
    'modules.weakdep': weakdepText(graph),
    'modules.symbols': symbolsText(graph),
    'modules.devname': devnameText(graph),
  };
}

/**
 * modules.dep: each module with all that it needs, those to be loaded first at the end.
 * @throws KbuildError MODULE_DEPENDENCY_CYCLE, MODULE_TREE_TOO_LARGE
 */
export function dependenciesText(graph: DependencyGraph): string {
  return dependencyLines(graph)
    .map((line) => `${line}\n`)
    .join('');
}

/**
 * The lines of modules.dep, in the order of the graph's modules.
 * @throws KbuildError MODULE_DEPENDENCY_CYCLE, MODULE_TREE_TOO_LARGE
 */
export function dependencyLines(graph: DependencyGraph): string[] {
  const { modules } = graph;
  let length = 0;
  return allProviders(graph).map((providers, module) => {
    const words = providers.map((provider) => ` ${modules[provider]?.path ?? ''}`);
    const line = `${modules[module]?.path ?? ''}:${words.join('')}`;
    length += line.length;
    if (length > maxTextLength) throw treeTooLarge(modules.length);
    return line;
  });
}

/** What one string can hold; Debian's largest kernel has half a million characters. */
const maxTextLength = 1 << 28;

/** modules.alias: what udev's modalias is matched with. */
export function aliasText({ modules }: DependencyGraph): string {
  let text = '# Aliases extracted from modules themselves.\n';
  for (const { name, module } of modules) {
    for (const alias of module.modinfo.alias ?? []) text += `alias ${alias} ${name}\n`;
  }
  return text;
}

/** modules.softdep: `pre:` and `post:` as MODULE_SOFTDEP gives them. */
export function softdepText({ modules }: DependencyGraph): string {
  let text = '# Soft dependencies extracted from modules themselves.\n';
  for (const { name, module } of modules) {
    for (const value of module.modinfo.softdep ?? []) text += `softdep ${name} ${value}\n`;
  }
  return text;
}

/** modules.weakdep: what may be needed, for those who make initramfs images (kmod 33). */
export function weakdepText({ modules }: DependencyGraph): string {
  let text = '# Weak dependencies extracted from modules themselves.\n';
  for (const { name, module } of modules) {
    for (const value of module.modinfo.weakdep ?? []) text += `weakdep ${name} ${value}\n`;
  }
  return text;
}

/** modules.symbols: which module provides a symbol. */
export function symbolsText(graph: DependencyGraph): string {
  let text = '# Aliases for symbols, used by symbol_request().\n';
  for (const { symbol, module } of symbolsInOrder(graph)) {
    text += `alias symbol:${fromByteString(symbol)} ${module}\n`;
  }
  return text;
}

const symbolBuckets = 2048;

/** A symbol with the module that provides it: its name, and its place in depmod's order. */
export interface SymbolProvider {
  readonly symbol: string;
  readonly module: string;
  readonly priority: number;
}

/** All symbols that modules export, in the order of depmod's table. */
export function symbolsInOrder(graph: DependencyGraph): SymbolProvider[] {
  return inHashOrder(graph.symbols, ([symbol]) => symbol, symbolBuckets).map(
    ([symbol, { module: priority }]) => ({
      symbol,
      module: graph.modules[priority]?.name ?? '',
      priority,
    }),
  );
}
