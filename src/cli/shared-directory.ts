import type { Options } from 'yargs';
import { KbuildError } from '../errors/kbuild-error.js';
import { directoryAt, isUrl, withoutCredentials } from '../storage/blobs/open-blob-store.js';

export const sharedDirectoryOption = {
  'shared-cache': {
    string: true,
    requiresArg: true,
    describe: 'Instead of this machine’s cache: a directory that machines share',
  },
} as const satisfies Record<string, Options>;

/**
 * The directory that a cache command is to work on; undefined for this machine's own cache.
 * @throws KbuildError USAGE for a server, and for what is no directory
 */
export function sharedDirectory(place: string | undefined): string | undefined {
  if (place === undefined) return undefined;
  if (!isUrl(place)) return directoryAt(place, '--shared-cache');
  throw new KbuildError(
    'USAGE',
    `--shared-cache: a server does not list what it keeps (${withoutCredentials(place)})`,
    'Run this on the server itself, with the path of the directory that it serves.',
  );
}
