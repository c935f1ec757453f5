import { existsSync, statSync } from 'node:fs';
import { rm, rmdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { manifestName } from '../artifact/publish.js';
import {
  indexName,
  readIndex,
  removeListed,
  type PublishIndex,
} from '../artifact/publish-index.js';
import { KbuildError } from '../errors/kbuild-error.js';
import { loadProjects } from '../project/load-projects.js';
import { cacheDirectory } from '../storage/directories.js';
import { removeLinkedDirectory } from '../storage/linked-directory.js';
import { findEngineAndImages } from './session.js';

/**
 * Removes what kbuild-ts has put into an output directory, as its index lists it, the manifest and
 * the index; and the packages and the release there. All other files stay.
 * @returns the paths that were removed
 * @throws KbuildError STORAGE_FAILED for an index that cannot be read
 */
export async function cleanOutput(
  directory: string,
  output: string | undefined,
): Promise<string[]> {
  const outputs = output !== undefined ? [resolve(output)] : await outputsOf(resolve(directory));
  const removed: string[] = [];
  for (const root of outputs) {
    for (const name of ['packages', 'release']) {
      removed.push(...(await removeLinkedDirectory(join(root, name))));
    }
    const index = await indexIn(root);
    if (index === undefined) continue;
    for (const path of [...index.keys(), manifestName, indexName]) {
      const file = await removeListed(root, path);
      if (file === undefined) continue;
      removed.push(file);
      await removeEmpty(dirname(file), root);
    }
  }
  return removed;
}

/** Where a build of a directory, or of an archive, puts what it makes. */
async function outputsOf(path: string): Promise<string[]> {
  if (statSync(path, { throwIfNoEntry: false })?.isFile()) return [resolve('dist')];
  const { projects } = await loadProjects(path);
  return [...new Set(projects.map(({ output }) => output))];
}

async function indexIn(output: string): Promise<PublishIndex | undefined> {
  try {
    return await readIndex(output);
  } catch (cause) {
    throw new KbuildError(
      'STORAGE_FAILED',
      `${join(output, indexName)} does not say what kbuild-ts put there: ${(cause as Error).message}`,
      'Remove the output directory by hand, after a look at what is in it.',
      { cause },
    );
  }
}

async function removeEmpty(directory: string, root: string): Promise<void> {
  try {
    await rmdir(directory);
  } catch {
    return; // not empty
  }
  if (directory !== root) await removeEmpty(dirname(directory), root);
}

/** What kbuild-ts keeps in its cache directory. */
export const cacheNames = [
  'apt', // of earlier versions
  'boot',
  'dockerd.log',
  'history.json',
  'images',
  'jobs',
  'kernels',
  'kvm.json',
  'layers',
  'locks',
  'objects',
  'packages',
  'repositories',
  'runs',
  'sources',
];

/**
 * Removes what is in the cache directory and, where an engine answers, the images that kbuild-ts
 * made. What it did not put there stays: the directory may be anything that a variable names.
 */
export async function cleanAll(): Promise<string[]> {
  const removed: string[] = [];
  try {
    const { images } = await findEngineAndImages();
    removed.push(...(await images.removeOurs()));
  } catch (error) {
    if (!(error instanceof KbuildError)) throw error; // no engine: no images
  }
  const cache = cacheDirectory();
  for (const path of cacheNames.map((name) => join(cache, name))) {
    if (!existsSync(path)) continue;
    await rm(path, { recursive: true });
    removed.push(path);
  }
  if (existsSync(cache)) await removeEmpty(cache, cache);
  return removed;
}
