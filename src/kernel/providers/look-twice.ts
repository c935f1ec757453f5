import type { Repository } from '../repository.js';
import { indexTime } from './index-cache.js';
import type { ProviderContext } from './port.js';

/**
 * Looks for sets of packages in a repository's index; if there is nothing, once more in an index that
 * was read anew, unless this process has read it: an earlier version of this program kept less of it.
 */
export async function lookTwice<T>(
  repository: Repository,
  context: ProviderContext,
  look: (refresh: boolean) => Promise<readonly T[]>,
): Promise<readonly T[]> {
  const found = await look(false);
  if (found.length > 0 || context.offline) return found;
  if (indexTime(repository, context) >= performance.timeOrigin) return found;
  return look(true);
}
