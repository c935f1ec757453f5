import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { allArchs, hostArch, type Arch } from '../../arch/arch.js';
import { KbuildError } from '../../errors/kbuild-error.js';
import { suggestion } from '../../errors/nearest.js';
import { writeFileAtomic } from '../../storage/atomic.js';
import { readKdir, type Kdir } from '../kdir.js';
import { suiteByName, type Suite } from '../suite.js';
import { unlessAbsent } from './absent.js';
import { aptIndex, aptIndexTime, fetchPackages } from './apt.js';
import { headersReleases, headersSets, latestReleases, type AptPackage } from './apt-index.js';
import type { KernelProvider, ProviderContext } from './port.js';

/** What is kept of a fetched kernel: enough to find it again without any index. */
interface FetchedKernel {
  release: string;
  arch: string;
  packages: { directory: string; sha256: string }[];
}

/** Debian's kernels, by their headers packages. */
export const debianProvider: KernelProvider<'debian'> = {
  async resolve(ref, archs, context) {
    const suite = suiteByName(ref.suite);
    if (ref.release !== undefined) {
      return [await oneRelease(suite, ref.release, context)];
    }
    const kdirs: Kdir[] = [];
    for (const arch of archs) kdirs.push(await newestRelease(suite, arch, context));
    return kdirs;
  },

  async list(ref, archs, context) {
    const suite = suiteByName(ref.suite);
    const index = await aptIndex(suite, context);
    return archs.flatMap((arch) =>
      headersReleases(index, arch.debian).map((release) => ({
        ref: `debian:${suite.name}/${release}`,
        release,
        arch: arch.name,
        fetched: existsSync(recordPath(suite, release, context)),
      })),
    );
  },
};

async function oneRelease(suite: Suite, release: string, context: ProviderContext): Promise<Kdir> {
  const known = fetchedKernel(suite, release, context);
  if (known !== undefined) return kdirOf(suite, known);
  for (const refresh of [false, true]) {
    const index = await aptIndex(suite, context, refresh);
    const headers = index.find((p) => p.name === `linux-headers-${release}`);
    const arch = archOfPackage(headers);
    if (arch !== undefined) return fetchRelease(suite, release, arch, index, context);
  }
  const index = await aptIndex(suite, context);
  const releases = allArchs().flatMap((arch) => headersReleases(index, arch.debian));
  throw new KbuildError(
    'KERNEL_UNKNOWN',
    `${suite.name} has no kernel ${release}`,
    suggestion(release, releases, `kernels of ${suite.name}`),
  );
}

function archOfPackage(headers: AptPackage | undefined): Arch | undefined {
  return allArchs().find(({ debian }) => debian === headers?.architecture);
}

/**
 * The newest kernel that a suite's meta package follows. An index may name a version whose file
 * the mirror does not have (any more, or yet): then the one before it, and a word about it.
 */
async function newestRelease(suite: Suite, arch: Arch, context: ProviderContext): Promise<Kdir> {
  const index = await aptIndex(suite, context);
  const releases = latestReleases(index, arch.flavour, arch.debian);
  let failure: KbuildError | undefined;
  for (const release of releases) {
    try {
      const known = fetchedKernel(suite, release, context);
      const kdir =
        known === undefined
          ? await unlessAbsent(
              recordPath(suite, release, context),
              aptIndexTime(suite, context),
              () => fetchRelease(suite, release, arch, index, context),
            )
          : kdirOf(suite, known);
      if (failure !== undefined) {
        context.emit({
          type: 'warning',
          message: `${releases[0]} is the newest kernel of ${suite.name} for ${arch.name}, but its packages cannot be fetched; ${release} is used`,
          hint: failure.message,
        });
      }
      return kdir;
    } catch (error) {
      if (!(error instanceof KbuildError) || error.code !== 'FETCH_FAILED') throw error;
      failure ??= error;
    }
  }
  throw (
    failure ??
    new KbuildError(
      'KERNEL_ARCH_UNSUPPORTED',
      `${suite.name} has no kernel headers for ${arch.name}`,
      `See 'kbuild-ts kernel list debian:${suite.name}'.`,
    )
  );
}

async function fetchRelease(
  suite: Suite,
  release: string,
  arch: Arch,
  index: readonly AptPackage[],
  context: ProviderContext,
): Promise<Kdir> {
  let failure: KbuildError | undefined;
  for (const { packages } of headersSets(index, release, arch.debian, hostArch().debian)) {
    try {
      const title = `kernel headers ${release}`;
      const directories = await fetchPackages(suite, packages, title, context);
      const fetched: FetchedKernel = {
        release,
        arch: arch.name,
        packages: directories.map((directory, i) => ({
          directory,
          sha256: packages[i]?.sha256 ?? '',
        })),
      };
      await writeFileAtomic(recordPath(suite, release, context), JSON.stringify(fetched, null, 2));
      return kdirOf(suite, fetched);
    } catch (error) {
      if (!(error instanceof KbuildError) || error.code !== 'FETCH_FAILED') throw error;
      failure ??= error;
    }
  }
  throw (
    failure ??
    new KbuildError(
      'FETCH_FAILED',
      `the index of ${suite.name} lacks packages that linux-headers-${release} depends on`,
      "Read it anew with 'kbuild-ts kernel fetch <ref> --refresh', or take another release.",
    )
  );
}

function recordPath(suite: Suite, release: string, context: ProviderContext): string {
  return join(context.cache, 'kernels', suite.distribution, suite.name, `${release}.json`);
}

/** A kernel that was fetched before, if all of it is still there. */
function fetchedKernel(
  suite: Suite,
  release: string,
  context: ProviderContext,
): FetchedKernel | undefined {
  const path = recordPath(suite, release, context);
  if (!existsSync(path)) return undefined;
  const fetched = JSON.parse(readFileSync(path, 'utf8')) as FetchedKernel;
  return fetched.packages.every(({ directory }) => existsSync(directory)) ? fetched : undefined;
}

function kdirOf(suite: Suite, { release, packages }: FetchedKernel): Kdir {
  const identity = createHash('sha256');
  for (const { sha256 } of packages) identity.update(sha256);
  return readKdir(`/usr/src/linux-headers-${release}`, {
    roots: packages.map(({ directory }) => join(directory, 'root')),
    suite: suite.name,
    identity: identity.digest('hex'),
  });
}
