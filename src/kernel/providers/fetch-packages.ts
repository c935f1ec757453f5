import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { KbuildError } from '../../errors/kbuild-error.js';
import { prepareWithProgress } from '../../events/prepare.js';
import { makeDirectoryAtomic } from '../../storage/atomic.js';
import { withLock } from '../../storage/lock.js';
import { repositoryId, type Repository } from '../repository.js';
import type { Download, Package, PackageManager } from './package-manager.js';
import type { ProviderContext } from './port.js';

/** How many packages one container fetches: what was fetched before a failure is kept. */
const atOnce = 32;

/** Where a package lies unpacked: the name says all that its content depends on, in one segment. */
export function packageDirectory(cache: string, item: Package): string {
  const { name, version, architecture, sha256 } = item;
  const words = [name, encodeURIComponent(version), architecture, sha256?.slice(0, 12)];
  const segment = words.filter((word) => word !== undefined).join('_');
  return join(cache, 'packages', segment.replaceAll('/', '%2F'));
}

/** Which package lies in a directory; undefined for what is none of ours. */
export function packageOfDirectory(
  directory: string,
): Pick<Package, 'name' | 'version' | 'architecture'> | undefined {
  const [name, version, architecture] = basename(directory).split('_');
  if (name === undefined || version === undefined || architecture === undefined) return undefined;
  return { name, version: decodeURIComponent(version), architecture };
}

/**
 * Fetches packages that are not there yet, in one go, each into a directory of its own, for all
 * kernels that share it. What another process is fetching at the moment is waited for.
 * @param title what people are told is fetched
 * @returns for each package its directory, or why it could not be had
 */
export async function fetchPackages(
  repository: Repository,
  manager: PackageManager,
  packages: readonly Package[],
  title: string,
  context: ProviderContext,
): Promise<Map<Package, Download>> {
  const placed = packages.map((item) => [item, packageDirectory(context.cache, item)] as const);
  const results = new Map<string, Download>();
  /** What is not there: each once, though several kernels name it by values of their own. */
  const missing = (): Map<string, Package> => {
    for (const [, directory] of placed) {
      if (existsSync(directory)) results.set(directory, { directory });
    }
    return new Map(
      placed.flatMap(([item, place]) => (results.has(place) ? [] : [[place, item] as const])),
    );
  };
  const wanted = missing();
  if (context.offline) {
    for (const [place, item] of wanted) results.set(place, { error: notCached(repository, item) });
  } else if (wanted.size > 0) {
    await prepareWithProgress(context.emit, title, (onProgress) =>
      withLocks([...wanted.keys()], context, async () => {
        const rest = [...missing()]; // another process may have fetched some meanwhile
        for (let at = 0; at < rest.length; at += atOnce) {
          const piece = rest.slice(at, at + atOnce);
          const work = join(context.scratch, `fetch-${basename(piece[0]?.[0] ?? '')}`);
          await mkdir(work, { recursive: true });
          try {
            const items = piece.map(([, item]) => item);
            const downloads = await manager.download(repository, items, work, context, onProgress);
            for (const [i, [place]] of piece.entries()) {
              results.set(place, await keep(place, downloads[i]));
            }
          } finally {
            await rm(work, { recursive: true, force: true });
          }
        }
        throwFirst(results); // so that it is not told as ready
      }),
    ).catch((error: unknown) => {
      if (![...results.values()].some((one) => 'error' in one && one.error === error)) throw error;
    });
  }
  return new Map(placed.flatMap(([item, place]) => withResult(item, results.get(place))));
}

const withResult = (item: Package, result: Download | undefined): [Package, Download][] =>
  result === undefined ? [] : [[item, result]];

function throwFirst(results: ReadonlyMap<string, Download>): void {
  for (const result of results.values()) if ('error' in result) throw result.error;
}

/** Moves what was unpacked to its place. */
async function keep(place: string, download: Download | undefined): Promise<Download> {
  if (download === undefined) throw new Error(`nothing became of ${place}`);
  if ('error' in download) return download;
  await makeDirectoryAtomic(place, (temporary) =>
    rename(download.directory, join(temporary, 'root')),
  );
  return { directory: place };
}

/** Takes the locks of packages in the order of their names, so that no two processes wait in a ring. */
async function withLocks(
  directories: readonly string[],
  context: ProviderContext,
  work: () => Promise<void>,
): Promise<void> {
  const paths = directories.map((path) => join(context.cache, 'locks', basename(path))).sort();
  const take = (rest: readonly string[]): Promise<void> => {
    const [path, ...others] = rest;
    return path === undefined ? work() : withLock(path, context.signal, () => take(others));
  };
  await take(paths);
}

const notCached = (repository: Repository, { name, version }: Package): KbuildError =>
  new KbuildError(
    'FETCH_FAILED',
    `${name} ${version} is not in the cache, and --offline was given`,
    `Run 'kbuild-ts kernel fetch ${repositoryId(repository)}' with a network first.`,
  );
