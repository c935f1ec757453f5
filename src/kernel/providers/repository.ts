import { KbuildError } from '../../errors/kbuild-error.js';
import { nearest } from '../../errors/nearest.js';
import { archByName, type Arch } from '../../arch/arch.js';
import { compareReleases } from '../release.js';
import { repositoryId, type Repository } from '../repository.js';
import type { Selector } from '../selector.js';
import { fetchedKernels, resolutionOf, type FetchedKernel } from './fetched-kernel.js';
import { managerOf } from './managers.js';
import { obtainKernels } from './obtain-kernels.js';
import type { AvailableKernel } from './package-manager.js';
import type { KernelListing, KernelProvider, ProviderContext, Resolution } from './port.js';
import { selectKernels, type Choices } from './select.js';

/** Kernels of package repositories, by their headers packages. */
export const repositoryProvider: KernelProvider<'repository'> = {
  async resolve({ repositories, selector }, archs, context) {
    const known = fetchedRelease(repositories, selector, archs, context);
    if (known !== undefined) return known;
    const resolutions: Resolution[] = [];
    const silent: Resolution[] = [];
    const seen: AvailableKernel[] = [];
    for (const repository of repositories) {
      try {
        const wanted = await select(repository, selector, archs, context, seen);
        resolutions.push(...(await obtainKernels(repository, wanted, context)));
      } catch (error) {
        if (!(error instanceof KbuildError) || error.code === 'INTERRUPTED') throw error;
        silent.push({ ref: `${repositoryId(repository)}/${selector.text || 'latest'}`, error });
      }
    }
    // A release that was found elsewhere: who did not answer need not have it.
    const isFound = selector.match.kind === 'release' && resolutions.length > 0;
    if (!isFound) resolutions.push(...silent);
    if (resolutions.length === 0) {
      throw nothingNamed(repositories, selector, archs, seen, context.offline);
    }
    return resolutions;
  },

  async list({ repositories, selector }, archs, context) {
    const listings: KernelListing[] = [];
    for (const repository of repositories) {
      const kernels = await managerOf(repository).kernels(repository, context);
      const fetched = fetchedKernels(context.cache, repository);
      for (const [{ release, arch, stock }] of selectKernels(kernels, selector, archs)) {
        const ref = `${repositoryId(repository)}/${release}`;
        const isFetched = fetched.some((one) => one.release === release && one.arch === arch);
        listings.push({ ref, release, arch, stock, fetched: isFetched });
      }
    }
    return listings;
  },
};

/** A single release that is there already needs no index. */
function fetchedRelease(
  repositories: readonly Repository[],
  { match }: Selector,
  archs: readonly Arch[],
  { cache }: ProviderContext,
): Resolution[] | undefined {
  if (match.kind !== 'release') return undefined;
  for (const repository of repositories) {
    const found = fetchedKernels(cache, repository).filter((one) => one.release === match.release);
    const ofArchs = found.filter(({ arch }) => archs.some(({ name }) => name === arch));
    // Debian's releases name their arch. Others may not, and then another arch's may be meant.
    const isNamed = ({ arch }: FetchedKernel) => match.release.endsWith(archByName(arch).debian);
    if (ofArchs.length < archs.length && !found.some(isNamed)) continue;
    const chosen = ofArchs.length > 0 ? ofArchs : found;
    return chosen.map((fetched) => resolutionOf(cache, repository, fetched));
  }
  return undefined;
}

/** The kernels that are wanted of a repository; of a release that it does not know, it is asked anew. */
async function select(
  repository: Repository,
  selector: Selector,
  archs: readonly Arch[],
  context: ProviderContext,
  seen: AvailableKernel[],
): Promise<Choices[]> {
  const manager = managerOf(repository);
  // Offline, what there is to choose from is what was fetched.
  const kernels = context.offline
    ? fetchedKernels(context.cache, repository).map(asAvailable).sort(newestFirst)
    : await manager.kernels(repository, context);
  const wanted = selectKernels(kernels, selector, archs);
  seen.push(...kernels);
  if (wanted.length > 0 || selector.match.kind !== 'release' || context.offline) return wanted;
  return selectKernels(await manager.kernels(repository, context, true), selector, archs);
}

const asAvailable = (fetched: FetchedKernel): AvailableKernel => ({ ...fetched, sets: [] });

const newestFirst = (a: AvailableKernel, b: AvailableKernel): number =>
  compareReleases(b.release, a.release);

function nothingNamed(
  repositories: readonly Repository[],
  selector: Selector,
  archs: readonly Arch[],
  kernels: readonly AvailableKernel[],
  offline: boolean,
): KbuildError {
  const where = repositories.map(repositoryId).join(', ');
  const names = archs.map(({ name }) => name).join(', ');
  if (offline) {
    const isRelease = selector.match.kind === 'release';
    const what = selector.text === '' ? '' : ` '${selector.text}'`;
    return new KbuildError(
      'FETCH_FAILED',
      `no kernel${what} of ${where}${isRelease ? '' : ` for ${names}`} is in the cache, and --offline was given`,
      "Fetch it with a network first: 'kbuild-ts kernel fetch' takes the same references.",
    );
  }
  const list = `See 'kbuild-ts kernel list ${repositories.length === 1 ? where : ''}'.`;
  switch (selector.match.kind) {
    case 'stock':
      return new KbuildError(
        'KERNEL_ARCH_UNSUPPORTED',
        `${where} has no kernel headers for ${names}`,
        list,
      );
    case 'release': {
      const near = nearest(selector.text, [...new Set(kernels.map(({ release }) => release))]);
      return new KbuildError(
        'KERNEL_UNKNOWN',
        `${where} has no kernel ${selector.text}`,
        near === undefined ? list : `Did you mean '${near}'? ${list}`,
      );
    }
    case 'glob':
    case 'range':
      return new KbuildError(
        'KERNEL_UNKNOWN',
        `${where} has no kernel '${selector.text}' for ${names}`,
        list,
      );
  }
}
