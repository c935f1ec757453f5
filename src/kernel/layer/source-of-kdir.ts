import { basename, dirname, join } from 'node:path';
import { makefileIncludes } from '../makefile-includes.js';
import { follow, linkTarget, type Roots } from '../tree.js';

/**
 * The directory of a KDIR's source, as a path of the tree: the KDIR itself, or for one that was made
 * with `O=` what its Makefile includes, or its link `source` leads to.
 */
export function sourceOfKdir(roots: Roots, kdir: string): string {
  const isSource = (path: string) => follow(roots, join(path, 'scripts/Makefile.build'));
  const makefile = join(kdir, 'Makefile');
  const included = makefileIncludes(roots, makefile)
    .map(({ path }) => path)
    .filter((path) => basename(path) === 'Makefile');
  const link = linkTarget(roots, makefile);
  const candidates = [
    kdir,
    ...included.map((path) => dirname(path)),
    linkTarget(roots, join(kdir, 'source')),
    link && dirname(link),
  ];
  return candidates.find((path) => path !== undefined && isSource(path)) ?? kdir;
}
