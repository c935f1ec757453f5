import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { follow, linkTarget, type Roots } from '../tree.js';

/**
 * The directory of a KDIR's source, as a path of the tree: the KDIR itself, or for one that was made
 * with `O=` what its Makefile includes, or its link `source` leads to.
 */
export function sourceTree(roots: Roots, kdir: string): string {
  const isSource = (path: string) => follow(roots, join(path, 'scripts/Makefile.build'));
  const makefile = follow(roots, join(kdir, 'Makefile'));
  const text = makefile === undefined ? '' : readFileSync(makefile, 'utf8').slice(0, 4096);
  const [, included] = /^include\s+(\S+\/)Makefile$/m.exec(text) ?? [];
  const candidates = [
    kdir,
    included === undefined ? undefined : resolve(kdir, included),
    linkTarget(roots, join(kdir, 'source')),
    makefile === undefined ? undefined : dirname(resolveLink(roots, join(kdir, 'Makefile'))),
  ];
  return candidates.find((path) => path !== undefined && isSource(path)) ?? kdir;
}

const resolveLink = (roots: Roots, path: string): string => linkTarget(roots, path) ?? path;
