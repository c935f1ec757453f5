import { loadOrder } from '../module/depmod/load-order.js';
import {
  planModprobe,
  type ModprobeRefusal,
  type ModprobeRequest,
} from '../module/modprobe/plan-modprobe.js';
import type { MissingSymbol, ModuleSupply } from './module-supply.js';
import type { Load } from './test-case.js';

/** A load that modprobe would do. */
export interface PlannedLoad extends Load {
  /** False for a soft dependency: modprobe goes on when the kernel refuses it. */
  required: boolean;
}

/** What stands in the way of doing what modprobe would do. */
export type LoadProblem =
  | ModprobeRefusal
  | ({ reason: 'missing' } & MissingSymbol)
  /** A shell command of modprobe.d stands for the loading of the module: a guest cannot run it. */
  | { reason: 'install'; module: string; command: string; required: boolean };

export interface PlannedLoads {
  /** In order, each module once. */
  loads: readonly PlannedLoad[];
  problems: readonly LoadProblem[];
}

type Options = Pick<ModprobeRequest, 'parameters' | 'useBlacklist' | 'ignoreInstall'>;

/**
 * What `modprobe` would do for names and aliases, one after the other, in a kernel that has loaded
 * nothing yet. Parameters go to what each name stands for.
 */
export function planLoads(
  names: readonly (string | ({ name: string } & Options))[],
  { tree, config, modules, missing }: ModuleSupply,
): PlannedLoads {
  const loads: PlannedLoad[] = [];
  const problems: LoadProblem[] = [];
  const loaded = new Set<string>();
  for (const asked of names) {
    const { name, ...options } = typeof asked === 'string' ? { name: asked } : asked;
    const plan = planModprobe(name, { tree, config, loaded, ...options });
    problems.push(...plan.refusals);
    for (const step of plan.outcome === 'planned' ? plan.steps : []) {
      const { module, parameters, required } = step;
      const guest = modules.get(module);
      if (step.action === 'install') {
        problems.push({ reason: 'install', module, command: step.command, required });
      } else if (guest !== undefined) {
        loads.push({ module: guest, parameters, required });
        loaded.add(module);
      }
    }
  }
  for (const one of missing) {
    if (loaded.has(one.neededBy)) problems.push({ reason: 'missing', ...one });
  }
  return { loads, problems };
}

/**
 * The names of the tested modules, those that provide for others first.
 * @throws KbuildError MODULE_DEPENDENCY_CYCLE
 */
export function testedInOrder({ tree, modules }: ModuleSupply): string[] {
  return loadOrder(tree.graph)
    .map((index) => tree.graph.modules[index]?.name ?? '')
    .filter((name) => modules.get(name)?.role === 'tested');
}
