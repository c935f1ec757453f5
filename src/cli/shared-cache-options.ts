import type { Options } from 'yargs';
import type { SharedCacheRequest } from '../workflow/open-shared-cache.js';

const variable = 'KBUILD_TS_SHARED_CACHE';

export const sharedCacheOptions = {
  'shared-cache': {
    string: true,
    requiresArg: true,
    describe: `Cache that several machines share: a directory or an http(s) URL; default: $${variable}`,
  },
  'shared-cache-read-only': {
    boolean: true,
    default: false,
    describe: 'Take from the shared cache, put nothing there',
  },
} as const satisfies Record<string, Options>;

/** The shared cache that a command line or the environment names. */
export function sharedCacheRequest(
  argv: { 'shared-cache'?: string | undefined; 'shared-cache-read-only': boolean },
  environment: NodeJS.ProcessEnv = process.env,
): SharedCacheRequest | undefined {
  const { 'shared-cache': option, 'shared-cache-read-only': readOnly } = argv;
  if (option !== undefined) return { place: option, namedBy: '--shared-cache', readOnly };
  const place = environment[variable];
  return place ? { place, namedBy: variable, readOnly } : undefined;
}
