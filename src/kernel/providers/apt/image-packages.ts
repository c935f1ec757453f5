import type { ImagePackages } from '../../repository.js';
import type { AptPackage } from './index-file.js';

/** The kernel whose image is wanted. */
export interface WantedImage {
  release: string;
  /** Debian's name of its architecture. */
  architecture: string;
  /** Version of its headers: the image of another one is another kernel. */
  version: string;
}

/**
 * The sets of packages that hold a kernel's image and its modules, the best first: the package of
 * one of the names, with those of its dependencies that hold parts of it.
 */
export function imageSetsOf(
  index: readonly AptPackage[],
  rules: ImagePackages,
  { release, architecture, version }: WantedImage,
): AptPackage[][] {
  const belongs = rules.with === undefined ? undefined : new RegExp(rules.with);
  const find = (name: string): AptPackage | undefined =>
    index.find(
      (item) =>
        item.name === name &&
        item.version === version &&
        (item.architecture === architecture || item.architecture === 'all'),
    );
  return rules.packages.flatMap((template) => {
    const main = find(template.replaceAll('{release}', release));
    if (main === undefined) return [];
    const parts = main.depends.filter((name) => belongs?.test(name)).map(find);
    const known = parts.filter((item) => item !== undefined);
    return known.length === parts.length ? [[main, ...known]] : [];
  });
}
