import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { normaliseAlias } from '../module/depmod/alias-pattern.js';
import type { BuiltinInput } from '../module/depmod/depmod-indexes.js';
import { isModuleFile, readModulePath } from '../module/depmod/module-path.js';
import { AliasTable } from '../module/modprobe/alias-table.js';

/** What may follow the name of a module's file: how it is compressed. */
const endings = ['', '.xz', '.zst', '.gz'];

/** The modules of a kernel's lib/modules/<release>, found by name, of which no file is read. */
export class InTreeModules {
  readonly #directory: string | undefined;
  #paths: Map<string, string> | undefined;
  #aliases: AliasTable | undefined;

  /** @param directory absent where the kernel's modules are not to be had */
  constructor(directory: string | undefined) {
    this.#directory = directory;
  }

  /** The text of modules.order. */
  get order(): string | undefined {
    return this.#text('modules.order');
  }

  /** What the kernel's build left of built-in modules. */
  get builtin(): BuiltinInput {
    const builtin = this.#text('modules.builtin');
    const modinfo = this.#bytes('modules.builtin.modinfo');
    return {
      ...(builtin !== undefined && { builtin }),
      ...(modinfo !== undefined && { modinfo }),
    };
  }

  /** Where a module lies, below the directory; undefined if it is not there. */
  pathOf(name: string): string | undefined {
    const path = this.#all().get(name);
    return path !== undefined && existsSync(this.fileOf(path)) ? path : undefined;
  }

  fileOf(path: string): string {
    return join(this.#directory ?? '', path);
  }

  /**
   * The names of modules that may have an alias: those that depmod has recorded; where it did not run, as in a
   * distribution's package, those that are called nearly like it (`crypto-crc32c`: crc32c_generic).
   * The best guesses come first, each to be tried before the next.
   */
  mayHaveAlias(alias: string): string[][] {
    const recorded = this.#recordedAliases();
    const key = normaliseAlias(alias);
    if (key === undefined) return [];
    if (recorded !== undefined) return [recorded.find(key)];
    const [, word = ''] = /^(?:crypto_)?([a-z]\w*?)(?:_|$)/.exec(key) ?? [];
    const stems = [word, word.replace(/\d+$/, '')].filter((stem) => stem.length >= 3);
    const names = [...this.#all().keys()];
    return [...new Set(stems)].map((stem) => names.filter((name) => name.startsWith(stem)));
  }

  #recordedAliases(): AliasTable | undefined {
    const text = this.#aliases === undefined ? this.#text('modules.alias') : undefined;
    if (text === undefined) return this.#aliases;
    this.#aliases = new AliasTable();
    for (const [, alias = '', module = ''] of text.matchAll(/^alias (.+) (\S+)$/gm)) {
      this.#aliases.add(alias, module);
    }
    return this.#aliases;
  }

  /** From what depmod or the kernel's build recorded; else from the directories. */
  #all(): Map<string, string> {
    if (this.#paths !== undefined) return this.#paths;
    const recorded = this.#recordedPaths();
    const paths = recorded.length > 0 ? recorded : this.#walk('');
    this.#paths = new Map(paths.map((path) => [readModulePath(path).name, path]));
    return this.#paths;
  }

  #recordedPaths(): string[] {
    const dependencies = this.#text('modules.dep');
    if (dependencies !== undefined) {
      return Array.from(dependencies.matchAll(/^([^:\n]+):/gm), ([, path = '']) => path);
    }
    const lines = (this.order ?? '').split('\n').filter((line) => line !== '');
    // One kernel compresses all of its modules in one way.
    const first = this.fileOf(lines[0] ?? '');
    const ending = endings.find((one) => existsSync(`${first}${one}`));
    return ending === undefined ? [] : lines.map((line) => `${line}${ending}`);
  }

  #walk(below: string): string[] {
    if (this.#directory === undefined) return [];
    return readdirSync(join(this.#directory, below), { withFileTypes: true }).flatMap((entry) => {
      const path = below === '' ? entry.name : `${below}/${entry.name}`;
      if (entry.isDirectory()) return this.#walk(path);
      return isModuleFile(entry.name) ? [path] : [];
    });
  }

  #text(name: string): string | undefined {
    return this.#bytes(name)?.toString('utf8');
  }

  #bytes(name: string): Buffer | undefined {
    if (this.#directory === undefined) return undefined;
    const path = join(this.#directory, name);
    return existsSync(path) ? readFileSync(path) : undefined;
  }
}
