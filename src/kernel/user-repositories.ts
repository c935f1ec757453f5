import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { KbuildError } from '../errors/kbuild-error.js';
import { repositoryId, type Repository } from './repository.js';

/** Where users keep descriptions of their own repositories (XDG Base Directory Specification). */
export function repositoryDirectory(environment: NodeJS.ProcessEnv = process.env): string {
  const { XDG_CONFIG_HOME: xdg = '' } = environment;
  return join(isAbsolute(xdg) ? xdg : join(homedir(), '.config'), 'kbuild-ts', 'repositories');
}

/**
 * All repositories that references may name: those that are given, those of the user's own
 * directory, and the package's. Of two that are called alike the first counts.
 * @param files of descriptions, as the user names them
 * @throws KbuildError CONFIG_SYNTAX, CONFIG_INVALID, FILE_UNREADABLE
 */
export async function withUserRepositories(
  files: readonly string[],
  shipped: readonly Repository[],
  directory = repositoryDirectory(),
): Promise<Repository[]> {
  const kept = existsSync(directory)
    ? readdirSync(directory)
        .filter((name) => /\.ya?ml$/.test(name))
        .sort()
        .map((name) => join(directory, name))
    : [];
  const paths = [...files.map((file) => resolve(file)), ...kept];
  if (paths.length === 0) return [...shipped];
  const { parseRepository } = await import('./repository-schema.js');
  const own = paths.map((path) => parseRepository(path, read(path), dirname(path)));
  const byId = new Map<string, Repository>();
  for (const repository of [...own, ...shipped]) {
    const id = repositoryId(repository);
    if (!byId.has(id)) byId.set(id, repository);
  }
  return [...byId.values()];
}

function read(path: string): string {
  try {
    if (!statSync(path).isFile()) throw new Error(`${path} is no file`); // a pipe may never end
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new KbuildError(
      'FILE_UNREADABLE',
      `the description of a repository ${path} cannot be read: ${(cause as Error).message}`,
      'Give --repository the path of a YAML file; docs/kernels.md shows one.',
      { cause },
    );
  }
}
