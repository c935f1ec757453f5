import { basename } from 'node:path';
import { inFile, ModuleFiles } from '../artifact/module-file.js';
import type { Symvers } from '../kernel/symvers.js';
import { builtinModules } from '../module/depmod/builtin.js';
import { dependencyGraph, symbolKey } from '../module/depmod/dependency-graph.js';
import type { DepmodModule } from '../module/depmod/depmod-module.js';
import { readModulePath } from '../module/depmod/module-path.js';
import { readDepmodModule } from '../module/depmod/read-depmod-module.js';
import { normaliseAlias } from '../module/depmod/alias-pattern.js';
import { loaderSymbols } from '../module/depmod/unmet-imports.js';
import { matchesGlob } from '../module/glob.js';
import { AliasTable } from '../module/modprobe/alias-table.js';
import { lookUp, softDependencies } from '../module/modprobe/lookup.js';
import { noModprobeConfig, type ModprobeConfig } from '../module/modprobe/modprobe-config.js';
import { modprobeTree, type ModprobeTree } from '../module/modprobe/modprobe-tree.js';
import { InTreeModules } from './in-tree-modules.js';
import type { GuestModule } from './test-case.js';

export interface SupplyRequest {
  /** The files of the modules that are tested, and of those of projects that they depend on. Absolute. */
  tested: readonly string[];
  /** lib/modules/<release> of the kernel's image; absent where it has none. */
  directory?: string;
  /** The KDIR's Module.symvers: which module exports what. */
  symvers: Symvers;
  /** The project's modprobe.d. */
  config?: ModprobeConfig;
  /** Names and aliases that are to be loaded beside the tested modules. */
  names?: readonly string[];
}

/** A symbol that a module needs and nothing exports that the guest can have. */
export interface MissingSymbol {
  symbol: string;
  neededBy: string;
  /** The in-tree module that exports it, by Module.symvers: the image does not have it. */
  module?: string;
}

/** The modules that a guest may get: the tested ones, and what they need of the kernel's own. */
export interface ModuleSupply {
  tree: ModprobeTree;
  config: ModprobeConfig;
  /** By name. */
  modules: ReadonlyMap<string, GuestModule>;
  missing: readonly MissingSymbol[];
  /** Soft dependencies that no module here is known to be. modprobe goes on without such. */
  unresolved: readonly { name: string; wantedBy: string }[];
}

/**
 * Finds what modules need: the exporters of their imports, by Module.symvers, and their soft dependencies, and what
 * these need. Of the kernel's thousands of modules only those are read. An alias that a soft dependency names
 * is looked for in modules.alias, or in modules whose names begin like it.
 * @throws KbuildError MODULE_*, naming the file; MODULE_DEPENDENCY_CYCLE
 */
export async function supplyModules(request: SupplyRequest): Promise<ModuleSupply> {
  const supply = new Supply(request);
  for (const file of request.tested) await supply.addTested(file);
  for (const name of request.names ?? []) await supply.addNamed(name, 'the test');
  await supply.close();
  return supply.result();
}

class Supply {
  readonly #inTree: InTreeModules;
  readonly #symvers: Symvers;
  readonly #config: ModprobeConfig;
  readonly #builtin: ReadonlySet<string>;
  readonly #files = new ModuleFiles();
  readonly #read = new Map<string, { module: DepmodModule; guest: GuestModule }>();
  /** In-tree modules that were looked into for an alias. */
  readonly #lookedInto = new Map<string, DepmodModule>();
  readonly #exported = new Set<string>();
  readonly #named = new Map<string, string>();

  constructor({ directory, symvers, config = noModprobeConfig }: SupplyRequest) {
    this.#inTree = new InTreeModules(directory);
    this.#symvers = symvers;
    this.#config = config;
    this.#builtin = new Set(builtinModules(this.#inTree.builtin.builtin ?? ''));
  }

  async addTested(file: string): Promise<void> {
    // depmod prefers what lies there to a module of the same name elsewhere.
    const path = `updates/${basename(file)}`;
    const { name } = readModulePath(path);
    this.#take(await this.#open(path, file), { name, file, role: 'tested' });
  }

  /** Goes on until nothing more is needed: what is added meanwhile is visited, too. */
  async close(): Promise<void> {
    for (const [name, { module }] of this.#read) {
      for (const { name: symbol } of module.imports) {
        if (this.#exported.has(symbolKey(symbol))) continue;
        const exporter = this.#exporterOf(symbol);
        if (exporter !== undefined && exporter !== 'vmlinux') await this.#addInTree(exporter);
      }
      const { pre, post } = softDependencies(name, module.modinfo.softdep ?? [], this.#config);
      for (const other of [...pre, ...post]) await this.addNamed(other, name);
    }
    this.#files.close();
  }

  /** Adds what a name or an alias stands for. */
  async addNamed(asked: string, wantedBy: string): Promise<void> {
    const name = normaliseAlias(asked);
    if (name === undefined || this.#named.has(asked)) return;
    this.#named.set(asked, wantedBy);
    const configured = this.#config.aliases.filter(({ alias }) => matchesGlob(name, alias));
    for (const { module } of configured) await this.#addInTree(module);
    if (configured.length > 0 || this.#builtin.has(name)) return;
    if (this.#read.has(name) || (await this.#addInTree(name))) return;
    for (const candidates of this.#inTree.mayHaveAlias(name)) {
      const found: string[] = [];
      for (const candidate of candidates) {
        const aliases = new AliasTable();
        const module = await this.#lookInto(candidate);
        for (const alias of module?.modinfo.alias ?? []) aliases.add(alias, candidate);
        if (aliases.find(name).length > 0) found.push(candidate);
      }
      for (const module of found) await this.#addInTree(module);
      if (found.length > 0) return;
    }
  }

  result(): ModuleSupply {
    const { order } = this.#inTree;
    const modules = Array.from(this.#read.values(), ({ module }) => module);
    const graph = dependencyGraph({ modules, ...(order !== undefined && { order }) });
    const tree = modprobeTree(graph, this.#inTree.builtin);
    const config = this.#config;
    const unknown = [...this.#named].filter(
      ([name]) => lookUp(name, { tree, config }).length === 0,
    );
    return {
      tree,
      config,
      modules: new Map(Array.from(this.#read, ([name, { guest }]) => [name, guest])),
      missing: [...this.#read].flatMap(([name, { module }]) => this.#missingOf(name, module)),
      unresolved: unknown.map(([name, wantedBy]) => ({ name, wantedBy })),
    };
  }

  #missingOf(neededBy: string, { imports }: DepmodModule): MissingSymbol[] {
    return imports.flatMap(({ name: symbol, weak }) => {
      const key = symbolKey(symbol);
      if (weak || this.#exported.has(key) || loaderSymbols.has(key)) return [];
      const module = this.#exporterOf(symbol);
      if (module === 'vmlinux' || (module !== undefined && this.#builtin.has(module))) return [];
      return [{ symbol, neededBy, ...(module !== undefined && { module }) }];
    });
  }

  /** The name of a module, or `vmlinux`. */
  #exporterOf(symbol: string): string | undefined {
    const entry = this.#symvers.get(symbolKey(symbol));
    return entry && readModulePath(entry.module).name;
  }

  /** Adds a module of the kernel's; gives whether it is here. */
  async #addInTree(name: string): Promise<boolean> {
    if (this.#read.has(name)) return true;
    const path = this.#inTree.pathOf(name);
    const module = this.#builtin.has(name) ? undefined : await this.#lookInto(name);
    if (path === undefined || module === undefined) return false;
    this.#take(module, { name, file: this.#inTree.fileOf(path), role: 'needed' });
    return true;
  }

  async #lookInto(name: string): Promise<DepmodModule | undefined> {
    const path = this.#inTree.pathOf(name);
    if (path === undefined) return undefined;
    const module =
      this.#lookedInto.get(name) ?? (await this.#open(path, this.#inTree.fileOf(path)));
    this.#lookedInto.set(name, module);
    return module;
  }

  #take(module: DepmodModule, guest: GuestModule): void {
    this.#read.set(guest.name, { module, guest });
    for (const { name } of module.exports) this.#exported.add(name);
  }

  async #open(path: string, file: string): Promise<DepmodModule> {
    try {
      const { source } = await this.#files.open(file);
      return readDepmodModule(path, source);
    } catch (error) {
      throw inFile(file, error);
    }
  }
}
