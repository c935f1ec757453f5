import { KbuildError } from '../../errors/kbuild-error.js';
import type { DependencyGraph } from './dependency-graph.js';

/**
 * For each module, by index, all modules that must be loaded before it, in the order of modules.dep:
 * users first. Read backwards it is the order in which modprobe loads them.
 * @throws KbuildError MODULE_DEPENDENCY_CYCLE, MODULE_TREE_TOO_LARGE
 */
export function allProviders(graph: DependencyGraph): readonly (readonly number[])[] {
  refuseCycles(graph);
  const { modules, usersFirst } = graph;
  const rank = new Int32Array(modules.length);
  for (const [at, module] of usersFirst.entries()) rank[module] = at;
  const closures = new Array<Int32Array>(modules.length);
  const seenBy = new Int32Array(modules.length).fill(-1);
  let total = 0;
  // Providers first, so that what they need is known already. All in ranks, which sort as numbers.
  for (let user = usersFirst.length - 1; user >= 0; user--) {
    const direct = modules[usersFirst[user] ?? 0]?.providers ?? [];
    const ranks = Int32Array.from(direct, (provider) => rank[provider] ?? 0).sort();
    const reached: number[] = [];
    const reach = (provider: number) => {
      if (seenBy[provider] === user) return false;
      seenBy[provider] = user;
      reached.push(provider);
      return true;
    };
    for (const provider of ranks) {
      if (!reach(provider)) continue;
      for (const further of closures[provider] ?? []) reach(further);
    }
    closures[user] = Int32Array.from(reached).sort();
    total += reached.length;
    if (total > maxDependencies) throw treeTooLarge(modules.length);
  }
  return modules.map((_, module) =>
    Array.from(closures[rank[module] ?? 0] ?? [], (provider) => usersFirst[provider] ?? 0),
  );
}

/**
 * All modules, each after those that provide for it.
 * @throws KbuildError MODULE_DEPENDENCY_CYCLE
 */
export function loadOrder(graph: DependencyGraph): number[] {
  refuseCycles(graph);
  return [...graph.usersFirst].reverse();
}

/** Debian's largest kernel has some 10,000 in 4,000 modules. */
const maxDependencies = 2_000_000;

function refuseCycles({ cycles, modules }: DependencyGraph): void {
  const [cycle] = cycles;
  if (cycle === undefined) return;
  const names = [...cycle.path, ...cycle.path.slice(0, 1)].map((at) => modules[at]?.name ?? '');
  const shown = names.length > 12 ? [...names.slice(0, 6), '…', ...names.slice(-5)] : names;
  const count = cycles.reduce((sum, { members }) => sum + members.length, 0);
  throw new KbuildError(
    'MODULE_DEPENDENCY_CYCLE',
    `modules that need each other cannot be loaded, ${count} in all: ${shown.join(' -> ')}`,
    'Move what both sides use into a module of its own, or replace one import by symbol_get().',
  );
}

/** The error of a tree whose modules.dep nothing could read. */
export function treeTooLarge(count: number): KbuildError {
  return new KbuildError(
    'MODULE_TREE_TOO_LARGE',
    `the dependencies of ${count} modules on each other are more than any kernel's`,
    'Check that the directory is lib/modules/<release> of one kernel.',
  );
}
