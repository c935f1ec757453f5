import { existsSync } from 'node:fs';
import { readFile, rm, rmdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { Manifest } from '../artifact/manifest-schema.js';
import { manifestName } from '../artifact/publish.js';
import { KbuildError } from '../errors/kbuild-error.js';
import { loadProjects } from '../project/load-projects.js';
import { cacheDirectory } from '../storage/directories.js';
import { findEngineAndImages } from './session.js';

/**
 * Removes what the manifest in an output directory lists, and the manifest. Files that
 * kbuild-ts did not put there stay.
 * @returns the paths that were removed
 */
export async function cleanOutput(
  directory: string,
  output: string | undefined,
): Promise<string[]> {
  const outputs =
    output !== undefined
      ? [resolve(output)]
      : [...new Set((await loadProjects(resolve(directory))).projects.map((p) => p.output))];
  const removed: string[] = [];
  for (const root of outputs) {
    const manifest = join(root, manifestName);
    if (!existsSync(manifest)) continue;
    const paths = [...listedFiles(await readManifest(manifest)), manifestName];
    for (const path of paths.map((name) => resolve(root, name))) {
      if (!path.startsWith(`${root}/`) || !existsSync(path)) continue;
      await rm(path);
      removed.push(path);
      await removeEmpty(dirname(path), root);
    }
  }
  return removed;
}

async function readManifest(path: string): Promise<Manifest> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Manifest;
  } catch (cause) {
    throw new KbuildError(
      'STORAGE_FAILED',
      `${path} cannot be read: ${(cause as Error).message}`,
      'Remove the output directory by hand, after a look at what is in it.',
      { cause },
    );
  }
}

const listedFiles = ({ jobs }: Manifest): string[] =>
  jobs.flatMap(({ artifacts, log }) => [
    ...artifacts.map(({ path }) => path),
    ...(log ? [log] : []),
  ]);

async function removeEmpty(directory: string, root: string): Promise<void> {
  try {
    await rmdir(directory);
  } catch {
    return; // not empty
  }
  if (directory !== root) await removeEmpty(dirname(directory), root);
}

/** Removes the cache directory and, where an engine answers, the images that kbuild-ts made. */
export async function cleanAll(): Promise<string[]> {
  const removed: string[] = [];
  try {
    const { images } = await findEngineAndImages();
    removed.push(...(await images.removeOurs()));
  } catch (error) {
    if (!(error instanceof KbuildError)) throw error; // no engine: no images
  }
  const cache = cacheDirectory();
  if (existsSync(cache)) {
    await rm(cache, { recursive: true });
    removed.push(cache);
  }
  return removed;
}
