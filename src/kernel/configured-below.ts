import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { lstat } from './tree.js';

/** How far a search goes: a source tree has thousands of directories, an Android tree many more. */
const maxDepth = 4;
const maxDirectories = 4000;

/**
 * The configured KDIRs below a directory that is none itself, such as the `out/…` of an Android
 * tree: at most three, the ones that lie highest. Links are not followed; the search is bounded.
 */
export function configuredBelow(directory: string): string[] {
  const found: string[] = [];
  let level = [directory];
  let visited = 0;
  for (let depth = 0; depth < maxDepth && level.length > 0; depth++) {
    const next: string[] = [];
    for (const path of level) {
      if (++visited > maxDirectories || found.length >= 3) return found;
      for (const name of directoriesIn(path)) {
        const below = join(path, name);
        if (isConfigured(below)) found.push(below);
        else next.push(below);
      }
    }
    level = next;
  }
  return found.slice(0, 3);
}

function isConfigured(path: string): boolean {
  try {
    return (
      lstat(join(path, '.config'))?.isFile() === true && lstat(join(path, 'Makefile')) !== undefined
    );
  } catch {
    return false; // what cannot be read is not looked into
  }
}

function directoriesIn(path: string): string[] {
  try {
    return readdirSync(path, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && entry.name !== '.git')
      .map(({ name }) => name)
      .sort();
  } catch {
    return []; // what cannot be read is not looked into
  }
}
