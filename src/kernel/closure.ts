import { readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { KbuildError } from '../errors/kbuild-error.js';
import { describeBroken, remedyOfBroken, type BrokenReference } from './broken-reference.js';
import { isBelow } from './is-below.js';
import { makefileIncludes } from './makefile-includes.js';
import { isPartOfKernel } from './part-of-kernel.js';
import { follow, linkTarget, lstat, type Followed, type Roots } from './tree.js';

/** A host directory that a build must see at the path where the KDIR expects it. */
export interface KdirMount {
  source: string;
  target: string;
}

/** What a KDIR needs besides itself, as far as it exists. */
export interface KdirReach {
  mounts: KdirMount[];
  broken: BrokenReference[];
}

/** Something that a directory refers to outside of itself. */
interface Outward {
  path: string;
  /** The name of the link that leads there. */
  name?: string;
  /** What to say if builds may not see it. */
  reference?: BrokenReference;
}

/**
 * The directories that a KDIR needs: itself, those that links in it lead to, and those that its
 * Makefiles include by a path that leads out of it, and so on for each of these. Distribution
 * headers are split this way (`include /usr/src/linux-headers-…-common/Makefile`,
 * `scripts -> ../../lib/linux-kbuild-6.1/scripts`), and so is a build with `O=`. What is no part of
 * a kernel is not among them, whatever leads there.
 */
export function kdirReach(roots: Roots, kdir: string, followed: Followed = new Map()): KdirReach {
  const mounts: KdirMount[] = [];
  const broken: BrokenReference[] = [];
  const covered = (path: string) => mounts.some(({ target }) => isBelow(path, target));
  const place = follow(roots, kdir, followed) ?? kdir;
  const pending: Outward[] = [{ path: kdir }];
  for (let outward = pending.shift(); outward !== undefined; outward = pending.shift()) {
    const { path: target, name, reference } = outward;
    if (covered(target)) continue;
    const source = follow(roots, target, followed);
    if (source === undefined) continue;
    const seen = { target, source, ...(name !== undefined && { name }) };
    if (target !== kdir && !isPartOfKernel(roots, seen, place)) {
      if (reference !== undefined) broken.push({ ...reference, refused: true });
      continue;
    }
    const directory = statSync(source).isDirectory();
    mounts.push({ source, target });
    if (directory) pending.push(...outwardPaths(roots, target, source, target === kdir, broken));
  }
  // What lies inside of another mount at its own place needs none of its own.
  const least = mounts
    .filter(({ source, target }) => !mounts.some((m) => contains(m, source, target)))
    .sort((a, b) => (a.target < b.target ? -1 : 1));
  return { mounts: least, broken };
}

const contains = (mount: KdirMount, source: string, target: string): boolean =>
  target.startsWith(`${mount.target}/`) &&
  source === mount.source + target.slice(mount.target.length);

/**
 * The paths outside of a directory that it refers to, by its links and its top Makefile.
 * @param strict it is the KDIR itself: what it lacks is told in `broken`
 */
function outwardPaths(
  roots: Roots,
  path: string,
  source: string,
  strict: boolean,
  broken: BrokenReference[],
): Outward[] {
  const paths: Outward[] = [];
  for (const { name } of readdirSync(source, { withFileTypes: true }).filter(isLink)) {
    const from = join(path, name);
    const target = linkTarget([source], name) && linkTarget(roots, from);
    if (target === undefined) continue;
    const isNeeded = strict && neededNames.has(name);
    const reference: BrokenReference = { from, by: 'link', target, needed: true };
    if (follow(roots, from) !== undefined) {
      paths.push({ path: target, name, ...(isNeeded && { reference }) });
    } else if (isNeeded) broken.push(reference);
  }
  if (strict) paths.push(...mirroredTrees(roots, path, source, broken));
  for (const from of ['Makefile', '.kernelvariables'].map((name) => join(path, name))) {
    for (const { path: target } of makefileIncludes(roots, from)) {
      const reference: BrokenReference = { from, by: 'include', target, needed: true };
      if (strict && follow(roots, target) === undefined) broken.push(reference);
      paths.push({ path: dirname(target), ...(strict && { reference }) });
    }
  }
  return paths;
}

const isLink = (entry: { isSymbolicLink: () => boolean }): boolean => entry.isSymbolicLink();

/**
 * The trees that links deeper in a KDIR lead to, each to the same path in the other tree, as
 * Ubuntu's headers have them: `include/linux -> ../../linux-headers-5.15.0-1/include/linux`.
 */
function mirroredTrees(
  roots: Roots,
  path: string,
  source: string,
  broken: BrokenReference[],
): Outward[] {
  const trees = new Map<string, Outward>();
  const walk = (below: string): void => {
    for (const entry of readdirSync(join(source, below), { withFileTypes: true })) {
      const isDirectory = entry.isDirectory();
      if (!isDirectory && !entry.isSymbolicLink()) continue;
      const name = `${below}/${entry.name}`;
      // One empty file for each symbol: thousands, and never a link.
      if (isDirectory && name !== 'include/config') walk(name);
      const from = join(path, name);
      const target = isDirectory ? undefined : linkTarget(roots, from);
      if (target === undefined) continue;
      const reference: BrokenReference = { from, by: 'link', target, needed: false };
      if (follow(roots, from) === undefined) broken.push(reference);
      if (target.startsWith(`${path}/`)) continue;
      const mirrored = target.endsWith(`/${name}`);
      const tree = mirrored ? target.slice(0, -name.length - 1) : target;
      if (!trees.has(tree)) trees.set(tree, { path: tree, reference });
    }
  };
  for (const directory of ['arch', 'include', 'scripts', 'tools']) {
    if (lstat(join(source, directory))?.isDirectory()) walk(directory);
  }
  return [...trees.values()];
}

/** What a build of modules cannot do without; other links (`source`, `vmlinux-gdb.py`) may dangle. */
const neededNames = new Set([
  'Makefile',
  'arch',
  'include',
  'scripts',
  'tools',
  'Module.symvers',
  '.config',
]);

/**
 * The mounts of a KDIR that lacks nothing which it needs.
 * @throws KbuildError KDIR_BROKEN_LINK
 */
export function kdirClosure(roots: Roots, kdir: string): KdirMount[] {
  const { mounts, broken } = kdirReach(roots, kdir);
  const first = broken.find(({ needed }) => needed);
  if (first === undefined) return mounts;
  throw new KbuildError('KDIR_BROKEN_LINK', describeBroken(first), remedyOfBroken(first));
}
