import { statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { KbuildError } from '../../errors/kbuild-error.js';
import { prepare } from '../../events/prepare.js';
import { writeFileAtomic } from '../../storage/atomic.js';
import { repositoryId, repositoryPlace, type Repository } from '../repository.js';
import type { ProviderContext } from './port.js';

/** How long an index is believed without asking the repository again. Milliseconds. */
const indexLifetime = 24 * 60 * 60 * 1000;

/** A directory for what a package manager keeps of a repository, the index among it. */
export const indexDirectory = (repository: Repository, { cache }: ProviderContext): string =>
  join(cache, 'repositories', repositoryPlace(repository));

const indexFile = (repository: Repository, context: ProviderContext): string =>
  join(indexDirectory(repository, context), 'index');

/** When a repository's index was read, as its file's modification time; 0 for never. */
export function indexTime(repository: Repository, context: ProviderContext): number {
  return statSync(indexFile(repository, context), { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

/**
 * The index of a repository: as the cache has it, else fetched. If an update fails, the one that is
 * there serves, with a warning.
 * @throws KbuildError FETCH_FAILED
 */
export async function cachedIndex(
  repository: Repository,
  context: ProviderContext,
  refresh: boolean,
  fetch: (onLine: (line: string) => void) => Promise<string>,
): Promise<string> {
  const file = indexFile(repository, context);
  const time = indexTime(repository, context);
  const age = Date.now() - Math.floor(time); // of which only one has fractions
  const isFresh = time !== 0 && !refresh && age >= 0 && age < indexLifetime;
  if (!isFresh && !(context.offline && time !== 0)) {
    const id = repositoryId(repository);
    if (context.offline) throw notCached(id);
    try {
      return await once(underWay, file, async () => {
        const text = await prepare(context.emit, `package index of ${id}`, fetch);
        await writeFileAtomic(file, text);
        return text;
      });
    } catch (error) {
      const mayServe = error instanceof KbuildError && error.code !== 'INTERRUPTED';
      if (time === 0 || refresh || context.signal.aborted || !mayServe) throw error;
      context.emit({
        type: 'warning',
        message: `the package index of ${id} could not be updated (${error.message}); the one of ${Math.round(age / 3_600_000)} hours ago is used`,
        hint: error.hint,
      });
    }
  }
  return readFile(file, 'utf8');
}

/** Several references to one repository are resolved at once: its index is fetched for all of them. */
const underWay = new Map<string, Promise<string>>();

function once(
  known: Map<string, Promise<string>>,
  key: string,
  make: () => Promise<string>,
): Promise<string> {
  const made = known.get(key) ?? make().finally(() => known.delete(key));
  known.set(key, made);
  return made;
}

const notCached = (id: string): KbuildError =>
  new KbuildError(
    'FETCH_FAILED',
    `the package index of ${id} is not in the cache, and --offline was given`,
    `Run 'kbuild-ts kernel fetch ${id}' with a network first.`,
  );
