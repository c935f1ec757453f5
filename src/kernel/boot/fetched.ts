import { join } from 'node:path';
import { archByName } from '../../arch/arch.js';
import { markUsed } from '../../storage/mark-used.js';
import type { Kdir } from '../kdir.js';
import { fetchedFrom } from '../kernel-packages.js';
import { aptIndex } from '../providers/apt/apt.js';
import { imageSetsOf } from '../providers/apt/image-packages.js';
import { fetchFirst } from '../providers/fetch-first.js';
import { packageOfDirectory } from '../providers/fetch-packages.js';
import { recordImage, type FetchedKernel } from '../providers/fetched-kernel.js';
import { lookTwice } from '../providers/look-twice.js';
import type { ProviderContext } from '../providers/port.js';
import { repositoryId, type AptRepository, type ImagePackages } from '../repository.js';
import { follow } from '../tree.js';
import type { BootSearch } from './boot-search.js';
import { mergeModules } from './merge-modules.js';

/**
 * The image of a kernel whose headers were fetched: of the image package of the same version, which
 * is fetched if need be.
 * @returns undefined if the KDIR is of no package
 * @throws KbuildError FETCH_FAILED
 */
export async function fetchedImage(
  kdir: Kdir,
  context: ProviderContext,
): Promise<BootSearch | undefined> {
  const { repository, record } = fetchedFrom(kdir, context) ?? {};
  if (repository === undefined || record === undefined) return undefined;
  const image = repository.manager === 'apt' ? repository.kernels.image : undefined;
  if (repository.manager !== 'apt' || image === undefined) {
    const why = `the description of ${repositoryId(repository)} names no packages of images`;
    return { looked: [why] };
  }
  return search(repository, filled(image, record.release), record, context);
}

function filled(rules: ImagePackages, release: string): ImagePackages {
  const fill = (text: string) => text.replaceAll('{release}', release);
  const { packages, files, modules } = rules;
  return {
    ...rules,
    packages: packages.map(fill),
    files: files.map(fill),
    modules: modules.map(fill),
  };
}

async function search(
  repository: AptRepository,
  rules: ImagePackages,
  record: FetchedKernel,
  context: ProviderContext,
): Promise<BootSearch> {
  const directories = record.image ?? (await fetchImage(repository, rules, record, context));
  const id = repositoryId(repository);
  const version = versionOf(record);
  if (directories.length === 0) {
    const names = rules.packages.join(' or ');
    return { looked: [`${id} has no ${names} of the headers' version ${version}`] };
  }
  for (const directory of directories) markUsed(directory);
  const roots = directories.map((directory) => join(directory, 'root'));
  const first = (paths: readonly string[]) =>
    paths.flatMap((path) => follow(roots, path) ?? []).at(0);
  const image = first(rules.files);
  if (image === undefined) {
    return { looked: [`the image packages of ${id} hold no ${rules.files.join(' or ')}`] };
  }
  const modules = first(rules.modules);
  return { files: { image, ...(modules !== undefined && { modules }) } };
}

/** Headers lie first in a record, in a directory that tells their version. */
const versionOf = ({ packages }: FetchedKernel): string =>
  packageOfDirectory(packages[0]?.directory ?? '')?.version ?? '';

/** Fetches the packages, and notes where they lie: the next time no index is needed. */
async function fetchImage(
  repository: AptRepository,
  rules: ImagePackages,
  record: FetchedKernel,
  context: ProviderContext,
): Promise<string[]> {
  const { release, arch } = record;
  const wanted = { release, architecture: archByName(arch).debian, version: versionOf(record) };
  const sets = await lookTwice(repository, context, async (refresh) =>
    imageSetsOf(await aptIndex(repository, context, refresh), rules, wanted),
  );
  const directories = await fetchFirst(repository, sets, `kernel image ${release}`, context);
  if (directories.length === 0) return [];
  const merged = await mergeModules(context.cache, directories, rules.modules);
  const all = merged === undefined ? directories : [merged, ...directories];
  await recordImage(context.cache, repository, record, all);
  return all;
}
