import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomic } from './atomic.js';

/**
 * Remembers which id an image's name stood for when it was last seen: a file for each name in a
 * directory, so that a run that finds all in its store need not ask an engine.
 */
export class ImageIds {
  /** What a run has read: it asks once for each of its jobs. */
  readonly #read = new Map<string, string | undefined>();

  constructor(readonly directory: string) {}

  #file(name: string): string {
    return join(this.directory, encodeURIComponent(name));
  }

  get(name: string): string | undefined {
    if (!this.#read.has(name)) this.#read.set(name, this.#load(name));
    return this.#read.get(name);
  }

  #load(name: string): string | undefined {
    try {
      return readFileSync(this.#file(name), 'utf8').trim() || undefined;
    } catch {
      return undefined; // never seen
    }
  }

  async set(name: string, id: string): Promise<void> {
    if (this.#load(name) !== id) await writeFileAtomic(this.#file(name), `${id}\n`);
    this.#read.set(name, id);
  }
}
