import { KbuildError } from '../../errors/kbuild-error.js';
import { repositoryId, type Repository } from '../repository.js';
import { isAbsent } from './absent.js';
import { fetchPackages } from './fetch-packages.js';
import { managerOf } from './managers.js';
import type { Package } from './package-manager.js';
import type { ProviderContext } from './port.js';

/**
 * Fetches the first of several sets of packages that the mirror has all files of: an index may name
 * some that it has not.
 * @param title what people are told is fetched
 * @returns the packages' directories; none if there is no set
 * @throws KbuildError FETCH_FAILED
 */
export async function fetchFirst(
  repository: Repository,
  sets: readonly (readonly Package[])[],
  title: string,
  context: ProviderContext,
): Promise<string[]> {
  let failure: KbuildError | undefined;
  for (const set of sets) {
    const all = await fetchPackages(repository, managerOf(repository), set, title, context);
    const downloads = set.flatMap((item) => all.get(item) ?? []);
    const error = downloads.flatMap((one) => ('error' in one ? [one.error] : [])).at(0);
    if (error === undefined) {
      return downloads.flatMap((one) => ('directory' in one ? [one.directory] : []));
    }
    failure ??= error;
    if (!isAbsent(error) && !context.offline) throw error;
  }
  if (failure === undefined) return [];
  if (!context.offline) throw failure;
  throw new KbuildError(
    failure.code,
    failure.message,
    `Do the same once without --offline: what is fetched of ${repositoryId(repository)} stays in the cache.`,
    { cause: failure },
  );
}
