import { copyFile, mkdir, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { temporaryName } from '../storage/atomic.js';
import { ensureDirectory } from '../storage/ensure-directory.js';
import { isCopyOf } from '../storage/same-content.js';
import type { Manifest } from './manifest-schema.js';
import { manifestText } from './manifest-text.js';
import {
  indexName,
  indexOf,
  indexText,
  readIndex,
  removeListed,
  replacedBy,
  type PublishIndex,
} from './publish-index.js';

/** A file to be published: where it lies, and where it goes, relative to the output directory. */
export interface Publication {
  source: string;
  target: string;
}

export const manifestName = 'manifest.json';

/**
 * Puts the results of a run into its output directory: every file appears whole, the manifest
 * last; one that is there already stays, and keeps its time. What any earlier run left of the same projects and kernels and this one did not make again
 * is removed, so that no stale module can be taken for a new one. All is written before the first file
 * appears: where the disk has no room for it, the directory stays as it was.
 */
export async function publish(
  output: string,
  files: readonly Publication[],
  manifest: Manifest,
): Promise<void> {
  ensureDirectory(output); // mkdir's own recursion hangs where a file system such as /proc refuses
  // One that cannot be read is taken for none: nothing is known to be stale.
  const earlier: PublishIndex = (await readIndex(output).catch(() => undefined)) ?? new Map();
  const replaced = replacedBy(manifest, earlier);
  const published = indexOf(manifest);
  const kept = [...earlier].filter(([path]) => !replaced.has(path));
  const index = indexText(new Map([...kept, ...published]));
  const written = new WrittenFiles();
  try {
    // Before the files: what a run leaves that breaks off is known to the next one.
    await written.add(join(output, indexName), (path) => writeFile(path, index));
    for (const { source, target } of files) {
      const destination = join(output, target);
      // What stands there is looked at, not believed; of what is as it should be, nothing is written.
      if (isCopyOf(destination, source)) continue;
      await written.add(destination, (path) => copyFile(source, path));
    }
    const text = `${manifestText(manifest)}\n`;
    await written.add(join(output, manifestName), (path) => writeFile(path, text));
    for (const path of replaced.keys()) {
      if (!published.has(path)) await removeListed(output, path);
    }
    await written.appear();
  } finally {
    await written.dropRest();
  }
}

/** Files that are written beside their places, and appear there together. */
class WrittenFiles {
  readonly #waiting = new Map<string, string>();
  /** Directories that were made for them, each after the one that it lies in. */
  readonly #made: string[] = [];

  async add(path: string, write: (temporary: string) => Promise<void>): Promise<void> {
    await this.#makeDirectory(dirname(path));
    const temporary = temporaryName(path);
    this.#waiting.set(path, temporary);
    await write(temporary);
  }

  /** In the order in which they were added. */
  async appear(): Promise<void> {
    for (const [path, temporary] of this.#waiting) {
      await rename(temporary, path);
      this.#waiting.delete(path);
    }
  }

  /** Removes what has not appeared, and the directories that hold nothing for it. */
  async dropRest(): Promise<void> {
    if (this.#waiting.size === 0) return;
    for (const temporary of this.#waiting.values()) await rm(temporary, { force: true });
    for (const directory of this.#made.reverse()) await rmdir(directory).catch(() => undefined);
  }

  async #makeDirectory(directory: string): Promise<void> {
    const first = await mkdir(directory, { recursive: true });
    if (first === undefined) return;
    const below = relative(first, directory).split(sep).filter(Boolean);
    this.#made.push(
      ...[...below.keys(), below.length].map((n) => join(first, ...below.slice(0, n))),
    );
  }
}
