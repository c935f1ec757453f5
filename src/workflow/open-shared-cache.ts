import type { SharedCache } from '../engine/shared-cache/shared-cache.js';
import type { BuildRequest } from './build.js';
import type { Session } from './session.js';

/** The secret that records of a shared cache are authenticated with. */
export const cacheSecret = (environment: NodeJS.ProcessEnv = process.env): string | undefined =>
  environment.KBUILD_TS_CACHE_SECRET || undefined;

/** Which shared cache is used, and how. */
export interface SharedCacheRequest {
  /** A directory, or an http(s) URL. */
  place: string;
  /** What the user named it with, for messages: an option, a variable. */
  namedBy: string;
  /** Put nothing there. */
  readOnly: boolean;
}

/**
 * Opens the shared cache of a build, if there is one and the build uses caches.
 * @throws KbuildError USAGE for a place that cannot be one, whether it is used or not
 */
export async function openSharedCache(
  request: Pick<BuildRequest, 'sharedCache' | 'useCache' | 'rebuild' | 'runtime'>,
  { emit, signal }: Pick<Session, 'emit' | 'signal'>,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<SharedCache | undefined> {
  const { sharedCache: wanted, useCache, runtime } = request;
  if (wanted === undefined) return undefined;
  const [{ openBlobStore }, { SharedCache }] = await Promise.all([
    import('../storage/blobs/open-blob-store.js'),
    import('../engine/shared-cache/shared-cache.js'),
  ]);
  const blobs = await openBlobStore(wanted.place, wanted.namedBy, environment);
  // What this machine's own compiler makes, no key names.
  if (!useCache || runtime === 'host') return undefined;
  return new SharedCache({
    blobs,
    readOnly: wanted.readOnly,
    rebuild: request.rebuild === true,
    secret: cacheSecret(environment),
    emit,
    signal,
  });
}
