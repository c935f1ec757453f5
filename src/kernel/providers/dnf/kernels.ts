import { allArchs } from '../../../arch/arch.js';
import { compareReleases } from '../../release.js';
import type { DnfRepository } from '../../repository.js';
import type { AvailableKernel } from '../package-manager.js';
import type { DnfPackage } from './index-file.js';

type Rule = DnfRepository['kernels'][number];

/** The kernels that an index has headers of, the newest first. */
export function kernelsOf(
  index: readonly DnfPackage[],
  { kernels: rules }: DnfRepository,
): AvailableKernel[] {
  const kernels = new Map<string, AvailableKernel>();
  const newestFirst = [...index].sort((a, b) => compareReleases(b.version, a.version));
  for (const rule of rules) {
    for (const main of newestFirst) {
      const arch = allArchs().find(({ rpm }) => rpm === main.architecture);
      if (main.name !== rule.package || arch === undefined) continue;
      const parts = partsOf(main, rule, newestFirst);
      if (parts === undefined) continue;
      const release = fill(rule.uname, main);
      const key = `${arch.name} ${release}`;
      const known = kernels.get(key);
      // The same kernel, packaged anew.
      if (known !== undefined) known.sets.push([main, ...parts]);
      else {
        const kdir = rule.kdir.replaceAll('{uname}', release);
        const stock = rule.stock === true;
        kernels.set(key, { release, arch: arch.name, stock, sets: [[main, ...parts]], kdir });
      }
    }
  }
  return [...kernels.values()].sort((a, b) => compareReleases(b.release, a.release));
}

/** openSUSE's packages count in the last part of their release how often they were rebuilt. */
const sourceRelease = ({ release }: DnfPackage): string => release.replace(/\.[^.]*$/, '');

function fill(template: string, main: DnfPackage): string {
  const values: Record<string, string> = {
    version: main.upstream,
    release: main.release,
    source_release: sourceRelease(main),
    arch: main.architecture,
  };
  return template.replaceAll(/\{(\w+)\}/g, (text, name: string) => values[name] ?? text);
}

/**
 * The packages that belong to a kernel's headers, or undefined if one is not to be had: of the same
 * version, and of the same release where that is one and not just a rebuild of the same source.
 */
function partsOf(
  main: DnfPackage,
  { with: names = [], uname }: Rule,
  newestFirst: readonly DnfPackage[],
): DnfPackage[] | undefined {
  const mayDiffer = uname.includes('{source_release}');
  const parts = names.map((name) => {
    const versions = newestFirst.filter(
      (item) =>
        item.name === name &&
        item.upstream === main.upstream &&
        (item.architecture === 'noarch' || item.architecture === main.architecture),
    );
    return (
      versions.find((item) => item.version === main.version) ??
      versions.find((item) => mayDiffer && sourceRelease(item) === sourceRelease(main))
    );
  });
  return parts.every((part) => part !== undefined) ? parts : undefined;
}
