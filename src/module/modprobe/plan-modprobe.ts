import { matchesGlob } from '../glob.js';
import { lookUp, type FoundModule } from './lookup.js';
import type { ModprobeConfig, ModuleLine } from './modprobe-config.js';
import type { ModprobeTree } from './modprobe-tree.js';
import { quoteParameter, splitParameters } from './parameters.js';
import { probeList } from './probe-list.js';

/** One thing that modprobe would do. */
export type ModprobeStep =
  | {
      readonly action: 'insmod';
      readonly module: string;
      /** Path below lib/modules/<release>. */
      readonly path: string;
      /** As the kernel gets them. */
      readonly parameters: readonly string[];
      /** False for what is only a soft dependency: that it fails does not matter. */
      readonly required: boolean;
    }
  | {
      /** A shell command of modprobe.d stands for the loading: a plan cannot tell what it does. */
      readonly action: 'install';
      readonly module: string;
      readonly command: string;
      readonly parameters: readonly string[];
      readonly required: boolean;
    };

/** Why modprobe does not load what was asked for. */
export type ModprobeRefusal =
  | {
      readonly reason: 'not-found';
      readonly name: string;
      /** What the alias stands for. */ readonly module?: string;
    }
  | { readonly reason: 'blacklisted'; readonly name: string; readonly module: string };

export type ModprobePlan =
  | {
      readonly outcome: 'planned';
      /** In order. None where all is loaded, or built in. */
      readonly steps: readonly ModprobeStep[];
      /** Modules that the kernel image holds, so that they need not be loaded. */
      readonly builtin: readonly string[];
      /** Of an alias for several modules, those that are not loaded. */
      readonly refusals: readonly ModprobeRefusal[];
    }
  | { readonly outcome: 'refused'; readonly refusals: readonly ModprobeRefusal[] };

export interface ModprobeRequest {
  readonly tree: ModprobeTree;
  readonly config: ModprobeConfig;
  /** What follows the name on modprobe's command line: `count=3`. */
  readonly parameters?: readonly string[];
  /** The blacklist holds for names, too (-b), and not only for aliases. */
  readonly useBlacklist?: boolean;
  /** Without the install command of the module that is asked for, and without its soft dependencies (-i). */
  readonly ignoreInstall?: boolean;
  /** Modules that are loaded already. */
  readonly loaded?: ReadonlySet<string>;
}

/** What `modprobe NAME` of kmod 30 would do, for the name or an alias of a module. */
export function planModprobe(name: string, request: ModprobeRequest): ModprobePlan {
  const found = lookUp(name, request);
  if (found.length === 0) return { outcome: 'refused', refusals: [{ reason: 'not-found', name }] };
  const plan = new Planned(request);
  const refusals: ModprobeRefusal[] = [];
  for (const module of found) {
    const refusal = refusalOf(name, module, request);
    if (refusal === undefined) plan.add(module);
    else refusals.push(refusal);
  }
  if (refusals.length === found.length) return { outcome: 'refused', refusals };
  return { outcome: 'planned', steps: plan.steps, builtin: [...plan.builtin], refusals };
}

function refusalOf(
  asked: string,
  { name, alias }: FoundModule,
  { tree, config, useBlacklist = false, ignoreInstall = false, loaded }: ModprobeRequest,
): ModprobeRefusal | undefined {
  if (tree.builtin.has(name) || loaded?.has(name) === true) return undefined;
  if (config.blacklist.includes(name) && (alias !== undefined || useBlacklist)) {
    return { reason: 'blacklisted', name: asked, module: name };
  }
  if (tree.byName.has(name)) return undefined;
  if (!ignoreInstall && commandFor(name, config.install) !== undefined) return undefined;
  return { reason: 'not-found', name: asked, ...(alias !== undefined && { module: name }) };
}

/** The first line that names a module counts, for kmod. */
const commandFor = (name: string, lines: readonly ModuleLine<string>[]): string | undefined =>
  lines.find(({ module }) => matchesGlob(name, module))?.value;

/** A plan that grows. */
class Planned {
  readonly steps: ModprobeStep[] = [];
  readonly builtin = new Set<string>();
  readonly #request: ModprobeRequest;
  readonly #loaded: Set<string>;

  constructor(request: ModprobeRequest) {
    this.#request = request;
    this.#loaded = new Set(request.loaded);
  }

  /** Adds what is done for one module. */
  add(asked: FoundModule): void {
    const { tree, config, parameters = [], ignoreInstall = false } = this.#request;
    if (this.#isThere(asked.name)) return;
    for (const entry of probeList(asked, { tree, config, ignoreInstall })) {
      const { name: module, alias, required, ignoresInstall } = entry;
      if (this.#isThere(module)) continue;
      const own = config.options
        .filter((line) => line.module === module || line.module === alias)
        .flatMap(({ value }) => splitParameters(value));
      const given = entry.asked ? parameters.map(quoteParameter) : [];
      const step = { module, parameters: [...own, ...given], required };
      const command = ignoresInstall ? undefined : commandFor(module, config.install);
      const index = tree.byName.get(module);
      const path = index === undefined ? undefined : tree.graph.modules[index]?.path;
      if (command !== undefined) this.steps.push({ action: 'install', ...step, command });
      else if (path !== undefined) {
        this.steps.push({ action: 'insmod', ...step, path });
        this.#loaded.add(module);
      }
    }
  }

  #isThere(module: string): boolean {
    const builtin = this.#request.tree.builtin.has(module);
    if (builtin) this.builtin.add(module);
    return builtin || this.#loaded.has(module);
  }
}
