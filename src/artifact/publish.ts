import { copyFile, mkdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { temporaryName, writeFileAtomic } from '../storage/atomic.js';
import { ensureDirectory } from '../storage/ensure-directory.js';
import { isCopyOf } from '../storage/same-content.js';
import type { Manifest } from './manifest-schema.js';
import { manifestText } from './manifest-text.js';
import {
  indexOf,
  readIndex,
  removeListed,
  replacedBy,
  writeIndex,
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
 * is removed, so that no stale module can be taken for a new one.
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
  for (const path of replaced.keys()) {
    if (!published.has(path)) await removeListed(output, path);
  }
  const kept = [...earlier].filter(([path]) => !replaced.has(path));
  // Before the files: what a run leaves that breaks off is known to the next one.
  await writeIndex(output, new Map([...kept, ...published]));
  for (const { source, target } of files) {
    const destination = join(output, target);
    // What stands there is looked at, not believed; of what is as it should be, nothing is written.
    if (!isCopyOf(destination, source)) await copyAtomic(source, destination);
  }
  await writeFileAtomic(join(output, manifestName), `${manifestText(manifest)}\n`);
}

async function copyAtomic(source: string, destination: string): Promise<void> {
  await mkdir(dirname(destination), { recursive: true });
  const temporary = temporaryName(destination);
  try {
    await copyFile(source, temporary);
    await rename(temporary, destination);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
