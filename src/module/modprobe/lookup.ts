import { normaliseAlias } from '../depmod/alias-pattern.js';
import { matchesGlob } from '../glob.js';
import type { ModprobeConfig } from './modprobe-config.js';
import type { ModprobeTree } from './modprobe-tree.js';
import { parseSoftdep, type SoftDependencies } from './softdep.js';

/** A module that a name stands for. */
export interface FoundModule {
  /** Maybe of no module: an alias may name one that is not there. */
  readonly name: string;
  /** By which alias, if it is not the module's own name: as the configuration has it, or as asked for. */
  readonly alias?: string;
}

/**
 * What a name or an alias stands for (kmod 30, kmod_module_new_from_lookup): the configuration's
 * aliases come first, then modules, symbols, install and remove commands, aliases of modules, built-in modules and
 * theirs. Aliases are not followed further. Empty for what nobody knows.
 */
export function lookUp(
  asked: string,
  { tree, config }: { tree: ModprobeTree; config: ModprobeConfig },
): readonly FoundModule[] {
  const name = normaliseAlias(asked);
  if (name === undefined) return [];
  const configured = config.aliases.filter(({ alias }) => matchesGlob(name, alias));
  if (configured.length > 0)
    return configured.map(({ alias, module }) => ({ name: module, alias }));
  if (tree.byName.has(name)) return [{ name }];
  if (name.startsWith('symbol:')) {
    const provided = tree.graph.symbols.get(name.slice('symbol:'.length));
    const module = provided && tree.graph.modules[provided.module];
    if (module !== undefined) return [{ name: module.name, alias: name }];
  }
  const isFor = ({ module }: { module: string }) => module === name;
  if (config.install.some(isFor) || config.remove.some(isFor)) return [{ name }];
  const aliased = tree.aliases.find(name);
  if (aliased.length > 0) return aliased.map((module) => ({ name: module, alias: name }));
  if (tree.builtin.has(name)) return [{ name }];
  return tree.builtinAliases.find(name).map((module) => ({ name: module, alias: name }));
}

/** The name under which modprobe reads what modules say themselves, among the files of modprobe.d. */
const ownSoftdeps = 'modules.softdep';

/**
 * The soft dependencies of a module. Only the first line that names it counts, for kmod: of
 * modprobe.d, or of the module itself where no file comes before modules.softdep.
 * @param own the values of `softdep` in its modinfo
 */
export function softDependencies(
  name: string,
  own: readonly string[],
  config: ModprobeConfig,
): SoftDependencies {
  const lines = config.softdeps.filter(({ module }) => matchesGlob(name, module));
  const before = lines.find(({ file }) => file < ownSoftdeps);
  if (before !== undefined) return before.value;
  const said = own.find((text) => text !== '');
  if (said !== undefined) return parseSoftdep(said);
  return lines[0]?.value ?? none;
}

const none: SoftDependencies = { pre: [], post: [] };
