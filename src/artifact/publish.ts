import { copyFile, mkdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { temporaryName, writeFileAtomic } from '../storage/atomic.js';
import { ensureDirectory } from '../storage/ensure-directory.js';
import type { Manifest } from './manifest-schema.js';

/** A file to be published: where it lies, and where it goes, relative to the output directory. */
export interface Publication {
  source: string;
  target: string;
}

export const manifestName = 'manifest.json';

/**
 * Puts the results of a run into its output directory: every file appears whole, the manifest
 * last. What an earlier run left of the same jobs and this one did not make again is removed, so
 * that no stale module can be taken for a new one.
 */
export async function publish(
  output: string,
  files: readonly Publication[],
  manifest: Manifest,
): Promise<void> {
  ensureDirectory(output); // mkdir's own recursion hangs where a file system such as /proc refuses
  const fresh = new Set(files.map(({ target }) => target));
  for (const path of await earlierArtifacts(output, manifest)) {
    if (!fresh.has(path)) await rm(join(output, path), { force: true });
  }
  for (const { source, target } of files) {
    const destination = join(output, target);
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
  await writeFileAtomic(join(output, manifestName), `${JSON.stringify(manifest, null, 2)}\n`);
}

/** What the manifest in the output directory lists for the jobs of this run. */
async function earlierArtifacts(output: string, manifest: Manifest): Promise<string[]> {
  try {
    const text = await readFile(join(output, manifestName), 'utf8');
    const { jobs } = JSON.parse(text) as Partial<Manifest>;
    const ids = new Set(manifest.jobs.map(({ id }) => id));
    return (jobs ?? [])
      .filter(({ id }) => ids.has(id))
      .flatMap(({ artifacts }) => artifacts.map(({ path }) => path))
      .filter((path) => !path.split('/').includes('..') && !path.startsWith('/'));
  } catch {
    return []; // none, or one of another format: nothing is known to be stale
  }
}
