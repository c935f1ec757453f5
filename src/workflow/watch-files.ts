import { dirname, join } from 'node:path';
import { watch as watchPaths } from 'chokidar';
import { KbuildError } from '../errors/kbuild-error.js';
import { isBelow } from '../kernel/is-below.js';
import { isForeign } from '../project/foreign-files.js';
import type { WatchedPaths } from './watched-paths.js';

/** Files that are watched until somebody closes this. */
export interface FileWatch {
  /** How many they are now. */
  files: () => number;
  close: () => Promise<void>;
}

/**
 * Watches files; each that appears, changes or goes from now on is told of.
 * @param onFailure the system watches no longer; what has changed since is not known
 * @throws KbuildError WATCH_FAILED
 */
export async function watchFiles(
  watched: WatchedPaths,
  onChange: (path: string) => void,
  onFailure: (error: KbuildError) => void,
): Promise<FileWatch> {
  const { directories } = watched;
  const files = [...watched.archives, ...watched.files];
  // Of a file its directory is watched: most programs put a new file in the place of the old one.
  const roots = [...new Set([...directories, ...files.map((file) => dirname(file))])];
  const watcher = watchPaths(roots, {
    ignored: (path) => !roots.includes(path) && !counts(path, watched),
    ignoreInitial: true,
    ignorePermissionErrors: true, // what cannot be read is told of by the build, if it needs it
  });
  watcher.on('all', (_, path) => {
    if (counts(path, watched)) onChange(path);
  });
  await new Promise<void>((resolve, reject) => {
    watcher.once('ready', resolve).once('error', reject);
  }).catch(async (error: unknown) => {
    await watcher.close();
    throw watchFailed(error);
  });
  watcher.on('error', (error) => {
    onFailure(watchFailed(error));
  });
  return {
    files: () => {
      const entries = watcher.getWatched();
      const isFile = (path: string) => !(path in entries) && counts(path, watched);
      return Object.entries(entries)
        .flatMap(([directory, names]) => names.map((name) => join(directory, name)))
        .filter(isFile).length;
    },
    close: () => watcher.close(),
  };
}

/** Whether a path is one that is to be watched. */
function counts(path: string, { directories, archives, files, excluded }: WatchedPaths): boolean {
  if (archives.includes(path) || files.includes(path)) return true;
  if (excluded.some((directory) => isBelow(path, directory))) return false;
  return directories.some(
    (directory) => isBelow(path, directory) && !isForeign(path.slice(directory.length + 1)),
  );
}

function watchFailed(cause: unknown): KbuildError {
  const { code, message } = cause as NodeJS.ErrnoException;
  const limit = code === 'ENOSPC' || code === 'EMFILE';
  return new KbuildError(
    'WATCH_FAILED',
    `the files cannot be watched: ${limit ? `this machine allows no more watches (${message})` : message}`,
    limit
      ? 'Raise the limits: sysctl fs.inotify.max_user_watches=524288 fs.inotify.max_user_instances=512'
      : 'Set CHOKIDAR_USEPOLLING=1 to have the files looked at again and again, which works everywhere.',
    { cause },
  );
}
