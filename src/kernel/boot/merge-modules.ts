import { createHash } from 'node:crypto';
import { link, mkdir, readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { existsSync, statSync } from 'node:fs';
import { makeDirectoryAtomic } from '../../storage/atomic.js';

/**
 * Where several packages hold parts of one lib/modules/<release>, lays them together in a directory
 * that looks like a package's: by hard links, so that it takes no space, and whoever walks it need
 * not know.
 * @param directories of the packages
 * @param paths where the modules may lie in a package
 * @returns the directory; undefined if no more than one package has modules
 */
export async function mergeModules(
  cache: string,
  directories: readonly string[],
  paths: readonly string[],
): Promise<string | undefined> {
  const parts = directories.flatMap((directory) =>
    paths.map((path) => join(directory, 'root', path)).filter(isDirectory),
  );
  const [path] = paths;
  if (parts.length < 2 || path === undefined) return undefined;
  const key = createHash('sha256').update(directories.map((one) => basename(one)).join('\0'));
  const name = `modules_${basename(path)}_${key.digest('hex').slice(0, 12)}`;
  const place = join(cache, 'packages', name);
  if (existsSync(place)) return place;
  await makeDirectoryAtomic(place, async (temporary) => {
    for (const part of parts) await linkTree(part, join(temporary, 'root', path));
  });
  return place;
}

const isDirectory = (path: string): boolean =>
  statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;

/** Links (`build`, `source`) lead to what is not there: they are left out. */
async function linkTree(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true });
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) await linkTree(source, target);
    else if (entry.isFile()) await link(source, target);
  }
}
