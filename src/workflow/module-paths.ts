import { readdirSync, statSync, type Dirent, type Stats } from 'node:fs';
import { join } from 'node:path';
import { KbuildError } from '../errors/kbuild-error.js';

const moduleName = /\.ko(\.(gz|xz|zst))?$/;

/**
 * The module files that arguments name: a file as it is, all modules below a directory, sorted, or
 * what a glob matches. Links to directories are not followed.
 * @throws KbuildError MODULE_UNREADABLE, MODULE_NONE
 */
export async function modulePaths(inputs: readonly string[]): Promise<string[]> {
  const paths: string[] = [];
  for (const input of inputs) {
    const found = await expand(input);
    for (const path of found) paths.push(path);
  }
  return paths;
}

async function expand(input: string): Promise<string[]> {
  const status = statusOf(input);
  if (status?.isDirectory() === true) return nonEmpty(modulesBelow(input), `below ${input}`);
  if (status !== undefined) return [input];
  if (/[*?[\]{}]/.test(input)) {
    const { default: glob } = await import('fast-glob');
    const matches = (await glob(input, { onlyFiles: false })).sort();
    const paths = matches.flatMap((path) =>
      statusOf(path)?.isDirectory() === true ? modulesBelow(path) : [path],
    );
    return nonEmpty(paths, `that '${input}' matches`);
  }
  throw unreadable(input, 'there is no such file or directory');
}

/** readdir's own recursion asks for the kind of each file anew. */
function modulesBelow(directory: string): string[] {
  const paths: string[] = [];
  for (const entry of directoryEntries(directory).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(directory, entry.name);
    // What is hidden was not named: the directories that releases lie in, among others.
    if (entry.isDirectory() && !entry.name.startsWith('.')) paths.push(...modulesBelow(path));
    else if (entry.isDirectory()) continue;
    else if (moduleName.test(entry.name) && (entry.isFile() || entry.isSymbolicLink())) {
      paths.push(path);
    }
  }
  return paths;
}

/**
 * What a directory holds.
 * @throws KbuildError MODULE_UNREADABLE
 */
export function directoryEntries(directory: string): Dirent[] {
  try {
    return readdirSync(directory, { withFileTypes: true });
  } catch (cause) {
    throw unreadable(directory, (cause as Error).message, cause);
  }
}

/** What a path names; undefined where the system has no answer (ENOENT, ELOOP, ENAMETOOLONG…). */
function statusOf(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}

function unreadable(path: string, why: string, cause?: unknown): KbuildError {
  const hint = 'Check the path and its permissions.';
  return new KbuildError('MODULE_UNREADABLE', `cannot read ${path}: ${why}`, hint, { cause });
}

function nonEmpty(paths: string[], where: string): string[] {
  if (paths.length > 0) return paths;
  throw new KbuildError(
    'MODULE_NONE',
    `there is no kernel module ${where}`,
    'Modules are files named *.ko, *.ko.gz, *.ko.xz or *.ko.zst.',
  );
}
