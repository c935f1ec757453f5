import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Arch } from '../arch/arch.js';
import { KbuildError } from '../errors/kbuild-error.js';
import { markUsed } from '../storage/mark-used.js';
import { allGuestPrograms, type GuestProgram } from './guest-program.js';
import { aptIndex } from './providers/apt/apt.js';
import type { AptPackage } from './providers/apt/index-file.js';
import { compareDebianVersions } from './providers/apt/version.js';
import { fetchFirst } from './providers/fetch-first.js';
import { packageOfDirectory } from './providers/fetch-packages.js';
import { lookTwice } from './providers/look-twice.js';
import type { ProviderContext } from './providers/port.js';
import { repositoryId, shippedRepositories, type AptRepository } from './repository.js';
import { follow } from './tree.js';

/**
 * The static BusyBox of an arch: its path on this machine. What the cache has of it serves, whatever
 * its version, so that a test needs neither a network nor an index.
 * @throws KbuildError FETCH_FAILED, ENGINE_*, IMAGE_*
 */
export async function busyboxFor(arch: Arch, context: ProviderContext): Promise<string> {
  const program = allGuestPrograms().find(({ name }) => name === 'busybox');
  if (program === undefined) throw new Error('toolchains/guest/ has no busybox');
  for (const directory of keptPackages(program, arch, context.cache)) {
    const path = programIn(directory, program);
    if (path === undefined) continue; // another suite may have it elsewhere
    markUsed(directory);
    return path;
  }
  return fetched(program, arch, context);
}

/** Directories of the cache that hold the package, the newest version first. */
function keptPackages(program: GuestProgram, arch: Arch, cache: string): string[] {
  const directory = join(cache, 'packages');
  let names: string[] = [];
  try {
    names = readdirSync(directory);
  } catch {
    // Nothing was ever fetched.
  }
  return names
    .flatMap((name) => {
      const item = packageOfDirectory(name);
      const isIt = item?.name === program.package && item.architecture === arch.debian;
      return isIt ? [{ name, version: item.version }] : [];
    })
    .sort((a, b) => compareDebianVersions(b.version, a.version))
    .map(({ name }) => join(directory, name));
}

const programIn = (directory: string, { path }: GuestProgram): string | undefined =>
  follow([join(directory, 'root')], path);

async function fetched(
  program: GuestProgram,
  arch: Arch,
  context: ProviderContext,
): Promise<string> {
  const what = `${program.package} (${arch.debian})`;
  const repository = repositoryOf(program, context);
  const look = (index: readonly AptPackage[]) =>
    index
      .filter(({ name, architecture }) => name === program.package && architecture === arch.debian)
      .sort((a, b) => compareDebianVersions(b.version, a.version))
      .map((item) => [item]);
  const sets = await lookTwice(repository, context, (refresh) =>
    aptIndex(repository, context, refresh).then(look),
  );
  const [directory] = await fetchFirst(repository, sets, `the guest's ${what}`, context);
  const path = directory === undefined ? undefined : programIn(directory, program);
  if (path !== undefined) return path;
  throw new KbuildError(
    'FETCH_FAILED',
    `${repositoryId(repository)} has no ${what}${directory === undefined ? '' : ` with ${program.path} in it`}`,
    `A guest's programs are taken from there: does the description of ${repositoryId(repository)} name the component main?`,
  );
}

/** The user's own of that name, who may have no other; else the package's. */
function repositoryOf(program: GuestProgram, { repositories }: ProviderContext): AptRepository {
  const found = [...repositories, ...shippedRepositories()].find(
    (one): one is AptRepository =>
      one.manager === 'apt' && repositoryId(one) === program.repository,
  );
  if (found === undefined) throw new Error(`no repository is called ${program.repository}`);
  return found;
}
