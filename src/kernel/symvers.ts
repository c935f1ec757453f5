import type { ExportedSymbol } from '../module/exports.js';

/** One exported symbol, as a line of Module.symvers describes it. */
export interface SymversEntry extends ExportedSymbol {
  /** The module that exports it, `vmlinux` or a path without `.ko`. */
  module: string;
  /** That module's licence is not compatible with the GPL. Not known of a Module.symvers. */
  proprietary?: boolean;
}

export type Symvers = ReadonlyMap<string, SymversEntry>;

/**
 * Parses a Module.symvers: CRC, symbol, module, export type, namespace, parted by tabs. Until
 * Linux 5.7 the namespace stood before the module; the export type tells which order it is.
 */
export function parseSymvers(text: string): Symvers {
  return new SymversText(text);
}

/** Looking a few symbols up in the text takes less time than to index its tens of thousands. */
const fewLookups = 24;

/** A Module.symvers of which only those lines are parsed that are asked for. */
class SymversText implements Symvers {
  readonly #text: string;
  #lookups = 0;
  /** What was asked for, by where its line begins. */
  readonly #entries = new Map<number, SymversEntry>();
  /** Where the line of each symbol begins. */
  #lines: Map<string, number> | undefined;

  constructor(text: string) {
    this.#text = text;
  }

  get(name: string): SymversEntry | undefined {
    const start = this.#lineOf(name);
    return start === undefined ? undefined : this.#entryAt(start);
  }

  has(name: string): boolean {
    return this.#lineOf(name) !== undefined;
  }

  get size(): number {
    return this.#index().size;
  }

  keys(): MapIterator<string> {
    return this.#index().keys();
  }

  values(): MapIterator<SymversEntry> {
    return this.#all().values();
  }

  entries(): MapIterator<[string, SymversEntry]> {
    return this.#all().entries();
  }

  [Symbol.iterator](): MapIterator<[string, SymversEntry]> {
    return this.entries();
  }

  forEach(use: (entry: SymversEntry, name: string, map: Symvers) => void, self?: unknown): void {
    for (const [name, entry] of this.entries()) use.call(self, entry, name, this);
  }

  #all(): Map<string, SymversEntry> {
    return new Map(Array.from(this.#index(), ([name, start]) => [name, this.#entryAt(start)]));
  }

  #lineOf(name: string): number | undefined {
    if (this.#lines === undefined && ++this.#lookups <= fewLookups) return this.#search(name);
    return this.#index().get(name);
  }

  /** The last line whose second column is this name. */
  #search(name: string): number | undefined {
    if (/[\t\n]/.test(name)) return undefined;
    const text = this.#text;
    const column = `\t${name}\t`;
    let found: number | undefined;
    for (let at = text.indexOf(column); at !== -1;) {
      const start = text.lastIndexOf('\n', at) + 1;
      const end = endOfLine(text, at);
      const line = text.slice(start, end);
      if (nameIn(line) === name) found = start;
      at = text.indexOf(column, end); // no other column of this line matters
    }
    return found;
  }

  #index(): Map<string, number> {
    if (this.#lines !== undefined) return this.#lines;
    const text = this.#text;
    const lines = new Map<string, number>();
    for (let start = 0, end; start < text.length; start = end + 1) {
      end = endOfLine(text, start);
      const name = nameIn(text.slice(start, end));
      if (name !== undefined) lines.set(name, start);
    }
    return (this.#lines = lines);
  }

  #entryAt(start: number): SymversEntry {
    const entry = this.#entries.get(start) ?? this.#parse(start);
    this.#entries.set(start, entry);
    return entry;
  }

  #parse(start: number): SymversEntry {
    const line = this.#text.slice(start, endOfLine(this.#text, start));
    const [crc = '', name = '', ...rest] = line.split('\t');
    const typeIndex = rest.findIndex((field) => field.startsWith('EXPORT_'));
    const [module = '', namespace = ''] =
      typeIndex === 2 ? [rest[1], rest[0]] : [rest[0], rest[2] ?? ''];
    const gplOnly = rest[typeIndex]?.startsWith('EXPORT_SYMBOL_GPL') ?? false;
    return { name, crc: Number.parseInt(crc, 16), module, gplOnly, namespace };
  }
}

function endOfLine(text: string, from: number): number {
  const end = text.indexOf('\n', from);
  return end === -1 ? text.length : end;
}

/** The symbol of a line; undefined for a line that is too short to have a module and an export type. */
function nameIn(line: string): string | undefined {
  const first = line.indexOf('\t');
  const second = first === -1 ? -1 : line.indexOf('\t', first + 1);
  if (second === -1 || !line.includes('\t', second + 1)) return undefined;
  return line.slice(first + 1, second);
}

/** What modules export, as their files say, in the form of a Module.symvers. */
export function exportsOf(
  modules: Iterable<{ name: string; exports: readonly ExportedSymbol[]; proprietary: boolean }>,
): Symvers {
  const symbols = new Map<string, SymversEntry>();
  for (const { name, exports, proprietary } of modules) {
    for (const symbol of exports)
      symbols.set(symbol.name, { ...symbol, module: name, proprietary });
  }
  return symbols;
}
