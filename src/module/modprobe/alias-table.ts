import { normaliseAlias } from '../depmod/alias-pattern.js';
import { matchesGlob } from '../glob.js';

/** Which modules an alias stands for, as depmod's index tells modprobe. */
export class AliasTable {
  readonly #literal = new Map<string, Set<string>>();
  readonly #patterns: { pattern: string; literal: string; module: string }[] = [];
  /** In the order in which they were added. */
  readonly #rank = new Map<string, number>();

  /** Adds an alias of a module. Those of one module are to be added together: modules come out in this order. */
  add(alias: string, module: string): void {
    const key = normaliseAlias(alias);
    if (key === undefined) return;
    if (!this.#rank.has(module)) this.#rank.set(module, this.#rank.size);
    const special = key.search(/[*?[\\]/);
    // Most of a kernel's thousands of patterns are told apart by how they begin.
    if (special !== -1)
      this.#patterns.push({ pattern: key, literal: key.slice(0, special), module });
    else this.#literal.set(key, (this.#literal.get(key) ?? new Set()).add(module));
  }

  /** The modules for a name whose `-` are `_`, each once. */
  find(name: string): string[] {
    const found = new Set(this.#literal.get(name));
    for (const { pattern, literal, module } of this.#patterns) {
      if (name.startsWith(literal) && matchesGlob(name, pattern)) found.add(module);
    }
    const rank = (module: string) => this.#rank.get(module) ?? 0;
    return [...found].sort((a, b) => rank(a) - rank(b));
  }
}
