import { defaultDepmodConfig, type DepmodConfig } from './depmod-config.js';
import type { DepmodModule } from './depmod-module.js';
import { inHashOrder } from './hash-order.js';
import { moduleBuckets, moduleKey, readModulePath, type ModulePath } from './module-path.js';

/** A module of the tree with its place in it. */
export interface PlacedModule extends ModulePath {
  readonly module: DepmodModule;
}

/** What a tree of modules is made of: the content of lib/modules/<release>. */
export interface ModuleTreeInput {
  /** In the order in which the directories list them; it matters for equal names only. */
  readonly modules: readonly DepmodModule[];
  /** The text of modules.order, if there is one. */
  readonly order?: string;
  /** Default: depmod's. */
  readonly config?: DepmodConfig;
}

/**
 * The modules that depmod goes by, in its order: of several with one name the one that its
 * configuration prefers; first those of modules.order, then the others as its hash table has them.
 */
export function moduleTree({ modules, order, config }: ModuleTreeInput): PlacedModule[] {
  const chosen = preferred(modules, config ?? defaultDepmodConfig);
  const placed = inHashOrder(chosen, moduleKey, moduleBuckets);
  return order === undefined ? placed : inFileOrder(placed, order);
}

/** One module for each name. */
function preferred(modules: readonly DepmodModule[], config: DepmodConfig): PlacedModule[] {
  const byName = new Map<string, PlacedModule>();
  for (const module of modules) {
    const found = { ...readModulePath(module.path), module };
    const known = byName.get(found.name);
    if (known === undefined || wins(found.stem, known.stem, config)) byName.set(found.name, found);
  }
  return [...byName.values()];
}

/** Whether depmod takes a file that it has just found instead of the one that it knows. */
function wins(found: string, known: string, { search, overrides }: DepmodConfig): boolean {
  // Later lines are asked first.
  const override = overrides.findLast((path) => path === found || path === known);
  if (override !== undefined) return override === found;
  let [foundRank, knownRank, builtinRank] = [-1, -1, -1];
  for (const [rank, place] of [...search].reverse().entries()) {
    if (place === 'built-in') builtinRank = rank;
    else if (found.startsWith(`${place}/`)) foundRank = rank;
    // depmod does not look at both for one place: of two files below it, the last one found wins.
    else if (known.startsWith(`${place}/`)) knownRank = rank;
  }
  if (foundRank < 0) foundRank = builtinRank;
  if (knownRank < 0) knownRank = builtinRank;
  return foundRank > knownRank;
}

/** The longest line of modules.order that depmod can read: PATH_MAX with the newline and a NUL. */
const maxLineLength = 4096 - 2;

function inFileOrder(modules: PlacedModule[], order: string): PlacedModule[] {
  const lines = order.split('\n');
  // depmod ignores a file of which a line does not end as it should.
  if (lines.pop() !== '' || lines.some((line) => line.length > maxLineLength)) return modules;
  const line = new Map(lines.map((path, index) => [path, index]));
  const rank = ({ uncompressed }: PlacedModule) => line.get(uncompressed) ?? lines.length;
  return modules
    .map((module) => ({ module, rank: rank(module) }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ module }) => module);
}
