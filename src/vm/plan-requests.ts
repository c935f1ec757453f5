import { normaliseAlias } from '../module/depmod/alias-pattern.js';
import { planModprobe } from '../module/modprobe/plan-modprobe.js';
import type { ModuleSupply } from './module-supply.js';
import type { Load, RequestTable } from './test-case.js';

type Lookup = RequestTable['lookups'][number][number];

/**
 * What a guest may load when its kernel asks for a module, by a name or an alias that nobody knows before: of
 * the modules under test, and of those that these need. As modprobe looks names up (module/modprobe/lookup):
 * aliases of modprobe.d first, then names of modules, symbols, aliases of the modules themselves.
 * @param only names of modules; others are not loaded. Absent: all of the supply
 */
export function planRequests(supply: ModuleSupply, only?: ReadonlySet<string>): RequestTable {
  const { tree, config, modules } = supply;
  const loads: Record<string, readonly Load[]> = {};
  for (const name of modules.keys()) {
    if (only !== undefined && !only.has(name)) continue;
    const planned = loadsFor(name, supply);
    if (planned !== undefined)
      loads[name] = planned.filter(({ module }) => only?.has(module.name) ?? true);
  }
  const known = tree.graph.modules.filter(({ name }) => name in loads);
  const isTested = (name: string) => modules.get(name)?.role === 'tested';
  // The blacklist is one of aliases: who asks for a module by its own name gets it.
  const aliasFor = (pattern: string, module: string): Lookup =>
    config.blacklist.includes(module) ? { pattern } : { pattern, module };
  const symbols = [...tree.graph.symbols].flatMap(([symbol, { module }]) => {
    const name = tree.graph.modules[module]?.name ?? '';
    return name in loads && isTested(name) ? [aliasFor(`symbol:${symbol}`, name)] : [];
  });
  return {
    lookups: [
      config.aliases
        .filter(({ module }) => module in loads)
        .map(({ alias, module }) => aliasFor(alias, module)),
      known.map(({ name }) => ({ pattern: name, module: name })),
      symbols,
      known.flatMap(({ name, module }) =>
        (module.modinfo.alias ?? []).flatMap((alias) => {
          const pattern = normaliseAlias(alias);
          return pattern === undefined ? [] : [aliasFor(pattern, name)];
        }),
      ),
    ].filter((list) => list.length > 0),
    loads,
  };
}

/** A module between what it needs and its soft dependencies; undefined where a command stands for one of them. */
function loadsFor(name: string, { tree, config, modules }: ModuleSupply): Load[] | undefined {
  const plan = planModprobe(name, { tree, config });
  if (plan.outcome === 'refused') return undefined;
  const { steps } = plan;
  if (steps.some(({ action, required }) => action === 'install' && required)) return undefined;
  return steps.flatMap(({ module, parameters, required }) => {
    const guest = modules.get(module);
    return guest === undefined ? [] : [{ module: guest, parameters, required }];
  });
}
