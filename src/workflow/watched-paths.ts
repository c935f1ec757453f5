import { resolve } from 'node:path';
import { isDirectory } from '../kernel/kdir.js';
import { configFiles } from '../project/find-config.js';
import { loadProjects } from '../project/load-projects.js';
import type { BuildRequest } from './build.js';

/** What a build is made of, as far as it can change under a user's hands. Absolute paths. */
export interface WatchedPaths {
  /** Of these every source counts. */
  directories: string[];
  /** Files that the command line names. */
  archives: string[];
  /** Other single files. */
  files: string[];
  /** Directories of which nothing counts, wherever they lie. */
  excluded: string[];
}

/** What the command line names: all that is known while the projects cannot be loaded. */
export function namedPaths(request: BuildRequest, cache: string): WatchedPaths {
  const { with: trees = [], overlay } = request.dkms ?? {};
  const named = [...request.directories, ...trees, ...(overlay === undefined ? [] : [overlay])];
  const paths = named.map((path) => resolve(path));
  return {
    directories: paths.filter(isDirectory),
    archives: paths.filter((path) => !isDirectory(path)),
    files: [],
    excluded: [cache, ...(request.output === undefined ? [] : [resolve(request.output)])],
  };
}

/**
 * What the projects of a build are made of: their directories and those of projects that they depend on,
 * the trees beside them and the overlays, archives, configurations of workspaces, keys.
 * @throws KbuildError where they cannot be loaded
 */
export async function watchedPaths(
  request: BuildRequest,
  { cache, signal }: { cache: string; signal: AbortSignal },
): Promise<WatchedPaths> {
  const named = namedPaths(request, cache);
  const roots = request.directories.map((path) => resolve(path));
  const { projects } = await loadProjects(roots, named.excluded, {
    archives: { cache, signal },
    ...(request.dkms !== undefined && { dkms: request.dkms }),
    ...(request.output !== undefined && { output: resolve(request.output) }),
    ...(request.buildDeps !== undefined && { buildDeps: request.buildDeps }),
  });
  const trees = projects.flatMap(({ dkms }) => [
    ...(dkms?.with ?? []),
    ...(dkms?.overlay === undefined ? [] : [dkms.overlay]),
  ]);
  const keys = projects.flatMap(({ signing }) =>
    signing === undefined ? [] : [signing.key, signing.cert].filter((path) => path.startsWith('/')),
  );
  const unique = (paths: string[]) => [...new Set(paths)].sort();
  return {
    // What was unpacked from an archive lies in the cache and does not change: the archive does.
    directories: unique(
      [...projects.filter(({ origin }) => origin === undefined), ...trees].map(
        ({ directory }) => directory,
      ),
    ),
    archives: named.archives,
    files: unique([...roots.filter(isDirectory).flatMap(configFiles), ...keys]),
    excluded: unique([...named.excluded, ...projects.map(({ output }) => output)]),
  };
}
