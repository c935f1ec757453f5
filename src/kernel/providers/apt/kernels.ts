import { allArchs, type Arch } from '../../../arch/arch.js';
import { compareReleases } from '../../release.js';
import type { AptRepository } from '../../repository.js';
import type { AvailableKernel } from '../package-manager.js';
import type { AptPackage } from './index-file.js';
import { compareDebianVersions } from './version.js';

/**
 * The kernels that an index has headers of, the newest first.
 * @param buildDebianArch the build machine's architecture: a KDIR's host tools must be for it
 */
export function kernelsOf(
  index: readonly AptPackage[],
  repository: AptRepository,
  buildDebianArch: string,
): AvailableKernel[] {
  const rules = repository.kernels;
  const named = new RegExp(rules.package);
  const belongs = rules.with === undefined ? undefined : new RegExp(rules.with);
  const byName = new Map<string, AptPackage[]>();
  for (const item of index) byName.set(item.name, [...(byName.get(item.name) ?? []), item]);
  for (const versions of byName.values()) {
    versions.sort((a, b) => compareDebianVersions(b.version, a.version));
  }
  const kernels = allArchs().flatMap((arch) => {
    const stock = stockPackages(byName, repository, arch);
    return [...byName].flatMap(([name, versions]) => {
      const release = named.exec(name)?.groups?.release ?? named.exec(name)?.[1];
      if (release === undefined) return [];
      const sets = versions
        .filter(({ architecture }) => architecture === arch.debian)
        .flatMap((main) => setsOf(main, belongs, byName, buildDebianArch));
      if (sets.length === 0) return []; // a meta package, or one of the parts
      const kdir = rules.kdir.replaceAll('{release}', release);
      return [{ release, arch: arch.name, stock: stock.has(name), sets, kdir }];
    });
  });
  return kernels.sort((a, b) => compareReleases(b.release, a.release));
}

/** The packages that the versions of an arch's meta package follow, or have followed. */
function stockPackages(
  byName: ReadonlyMap<string, AptPackage[]>,
  { kernels }: AptRepository,
  arch: Arch,
): Set<string> {
  const flavour = kernels.flavours?.[arch.name] ?? arch.flavour;
  const meta = byName.get(kernels.latest.replaceAll('{flavour}', flavour)) ?? [];
  return new Set(
    meta
      .filter(({ architecture }) => architecture === arch.debian || architecture === 'all')
      .flatMap(({ depends }) => depends),
  );
}

/**
 * The sets of packages that make a KDIR, the best first: the headers with those of their
 * dependencies that belong to it. Host tools must be the build machine's; an older package of them
 * serves where the newest cannot be had.
 */
function setsOf(
  main: AptPackage,
  belongs: RegExp | undefined,
  byName: ReadonlyMap<string, AptPackage[]>,
  buildDebianArch: string,
): AptPackage[][] {
  if (belongs === undefined) return [[main]];
  const choices = main.depends
    .filter((name) => belongs.test(name))
    .map((name) =>
      (byName.get(name) ?? []).filter(
        ({ architecture }) => architecture === 'all' || architecture === buildDebianArch,
      ),
    );
  if (choices.length === 0 || choices.some((versions) => versions.length === 0)) return [];
  // Of each package the version that fits the headers' own, else the newest.
  const same = choices.map((versions) => fitting(versions, main.version));
  const newest = choices.map((versions) => versions[0]);
  const sets = same.every((item, i) => item === newest[i]) ? [same] : [same, newest];
  return sets.map((set) => [main, ...set.filter((item) => item !== undefined)]);
}

const fitting = (versions: readonly AptPackage[], version: string): AptPackage | undefined =>
  versions.find((item) => item.version === version) ?? versions[0];
