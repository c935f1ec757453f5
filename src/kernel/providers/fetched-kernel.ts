import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { asKbuildError, KbuildError } from '../../errors/kbuild-error.js';
import { writeFileAtomic } from '../../storage/atomic.js';
import { markUsed } from '../../storage/mark-used.js';
import { matchesGlob } from '../../module/glob.js';
import type { ReadKdirOptions } from '../kdir.js';
import { repositoryId, repositoryPlace, type Repository } from '../repository.js';
import type { AvailableKernel, Package } from './package-manager.js';
import type { Resolution } from './port.js';
import { readResolution } from './read-resolution.js';

/** What is kept of a fetched kernel: enough to find it again without any index. */
export interface FetchedKernel {
  /** What `--kernel` takes. */
  ref: string;
  release: string;
  arch: string;
  stock: boolean;
  /** Path of the KDIR, or a glob of it. */
  kdir: string;
  /** Where they lie unpacked; in the file the names of their directories alone: a cache may be moved. */
  packages: { directory: string; sha256: string }[];
  /** Where its image and modules lie unpacked, once somebody wanted them; as `packages` in the file. */
  image?: string[];
}

const recordsOf = (cache: string, repository: Repository): string =>
  join(cache, 'kernels', repositoryPlace(repository));

/** Where a fetched kernel is recorded. A release may be one of several archs (openSUSE). */
export function recordPath(
  cache: string,
  repository: Repository,
  { release, arch }: { release: string; arch: string },
): string {
  const name = `${release}_${arch}.json`.replaceAll('/', '%2F');
  return join(recordsOf(cache, repository), name);
}

/** Records that a kernel is fetched, once all of it is. */
export async function recordFetched(
  cache: string,
  repository: Repository,
  kernel: AvailableKernel,
  packages: readonly { directory: string; item: Package }[],
): Promise<FetchedKernel> {
  const { release, arch, stock, kdir } = kernel;
  const fetched: FetchedKernel = {
    ref: `${repositoryId(repository)}/${release}`,
    release,
    arch,
    stock,
    kdir,
    packages: packages.map(({ directory, item }) => ({
      directory,
      sha256: item.sha256 ?? `${item.name} ${item.version} ${item.architecture}`,
    })),
  };
  await writeRecord(cache, repository, fetched);
  return fetched;
}

/** Notes where the image of a fetched kernel lies. */
export async function recordImage(
  cache: string,
  repository: Repository,
  fetched: FetchedKernel,
  directories: readonly string[],
): Promise<void> {
  await writeRecord(cache, repository, { ...fetched, image: [...directories] });
}

async function writeRecord(
  cache: string,
  repository: Repository,
  fetched: FetchedKernel,
): Promise<void> {
  const packages = fetched.packages.map((one) => ({ ...one, directory: basename(one.directory) }));
  const image = fetched.image?.map((directory) => basename(directory));
  const text = JSON.stringify({ ...fetched, packages, image }, null, 2);
  await writeFileAtomic(recordPath(cache, repository, fetched), text);
}

/** The kernels of a repository that were fetched, and of which all is still there. */
export function fetchedKernels(cache: string, repository: Repository): FetchedKernel[] {
  const directory = recordsOf(cache, repository);
  if (!existsSync(directory)) return [];
  return readdirSync(directory)
    .filter((name) => name.endsWith('.json'))
    .flatMap((name) => readRecord(cache, join(directory, name)) ?? [])
    .filter(({ packages }) => packages.every(({ directory: path }) => existsSync(path)));
}

/** Undefined for what is no record of ours, or one of an earlier version: it is fetched anew. */
export function readRecord(cache: string, path: string): FetchedKernel | undefined {
  try {
    const record = JSON.parse(readFileSync(path, 'utf8')) as Partial<FetchedKernel>;
    const { ref, release, arch, stock = false, kdir, packages, image } = record;
    if (ref === undefined || release === undefined || arch === undefined) return undefined;
    if (kdir === undefined || !Array.isArray(packages)) return undefined;
    const place = (directory: string) => join(cache, 'packages', basename(directory));
    const placed = packages.map(({ directory, sha256 }) => ({
      directory: place(directory),
      sha256,
    }));
    const images = image?.map(place).filter((directory) => existsSync(directory)) ?? [];
    return {
      ref,
      release,
      arch,
      stock,
      kdir,
      packages: placed,
      ...(images.length > 0 && images.length === image?.length && { image: images }),
    };
  } catch {
    return undefined;
  }
}

/** What becomes of a fetched kernel, which is noted as used. */
export function resolutionOf(
  cache: string,
  repository: Repository,
  fetched: FetchedKernel,
): Resolution {
  markUsed(recordPath(cache, repository, fetched));
  const { ref, release, arch } = fetched;
  try {
    const one = readResolution(ref, placeOf(repository, fetched));
    return 'error' in one ? { release, arch, ...one } : one; // its KDIR may not tell any more
  } catch (error) {
    return { ref, release, arch, error: asKbuildError(error) };
  }
}

/** How the KDIR of a fetched kernel is read. */
function placeOf(
  repository: Repository,
  fetched: FetchedKernel,
): ReadKdirOptions & { path: string } {
  const identity = createHash('sha256');
  for (const { sha256 } of fetched.packages) identity.update(sha256);
  const roots = fetched.packages.map(({ directory }) => join(directory, 'root'));
  return {
    path: pathIn(roots, repository, fetched),
    roots,
    ...(repository.suite !== undefined && { suite: repository.suite }),
    identity: identity.digest('hex'),
  };
}

function pathIn(roots: readonly string[], repository: Repository, fetched: FetchedKernel): string {
  const { kdir, release } = fetched;
  if (!/[*?[]/.test(kdir)) return kdir;
  const found = roots.flatMap((root) => expand(root, kdir)).at(0);
  if (found !== undefined) return found;
  throw new KbuildError(
    'KDIR_NOT_FOUND',
    `the packages of ${repositoryId(repository)} for ${release} hold no ${kdir}`,
    `Mend 'kdir' in the description of ${repositoryId(repository)}.`,
  );
}

/** The directories below a root that a glob names, as paths of the root. */
function expand(root: string, glob: string): string[] {
  let found = [''];
  for (const segment of glob.split('/').filter(Boolean)) {
    found = found.flatMap((parent) => {
      if (!statSync(join(root, parent), { throwIfNoEntry: false })?.isDirectory()) return [];
      const names = readdirSync(join(root, parent)).filter((name) => matchesGlob(name, segment));
      return names.sort().map((name) => `${parent}/${name}`);
    });
  }
  return found;
}
