import { createHash } from 'node:crypto';
import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join, relative } from 'node:path';

/**
 * All that is in a cache, with what would change if somebody wrote there; without the directories
 * of a package manager's own, and without empty ones.
 */
export function cacheListing(cache: string): string[] {
  return readdirSync(cache, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !/^repositories\/[^/]+\/[^/]+\/(?!index$)/.test(relative(cache, path)))
    .map((path) => `${relative(cache, path)} ${lstatSync(path).mtimeMs} ${contentOf(path)}`)
    .sort();
}

function contentOf(path: string): string {
  const stat = lstatSync(path);
  if (stat.isSymbolicLink()) return readlinkSync(path);
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}

/** What a run that has ended may not leave: its scratch directory, locks, what is half done. */
export function leftovers(cache: string): string[] {
  const entries = ['runs', 'locks'].flatMap((name) => namesIn(join(cache, name)));
  const hidden = ['packages', 'kernels'].flatMap((name) =>
    namesIn(join(cache, name)).filter((path) => path.startsWith('.')),
  );
  return [...entries, ...hidden];
}

/** The names of a directory; none of one that is not there. */
export const namesIn = (directory: string): string[] =>
  existsSync(directory) ? readdirSync(directory).sort() : [];
