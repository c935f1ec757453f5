import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { KbuildError } from '../errors/kbuild-error.js';
import { kdirFindingCatalogue } from './finding-catalogue.js';
import { follow, linkTarget, locate, lstat, type Roots } from './tree.js';

/** A host directory that a build must see at the path where the KDIR expects it. */
export interface KdirMount {
  source: string;
  target: string;
}

/** What a KDIR refers to and what does not exist. */
export interface BrokenReference {
  /** The link, or the file that includes. */
  from: string;
  by: 'link' | 'include';
  target: string;
  /** No module can be built without it. */
  needed: boolean;
}

/** What a KDIR needs besides itself, as far as it exists. */
export interface KdirReach {
  mounts: KdirMount[];
  broken: BrokenReference[];
}

/**
 * The directories that a KDIR needs: itself, those that links in it lead to, and those that its
 * Makefiles include by a path that leads out of it, and so on for each of these. Distribution
 * headers are split this way (`include /usr/src/linux-headers-…-common/Makefile`,
 * `scripts -> ../../lib/linux-kbuild-6.1/scripts`), and so is a build with `O=`.
 */
export function kdirReach(roots: Roots, kdir: string): KdirReach {
  const mounts: KdirMount[] = [];
  const broken: BrokenReference[] = [];
  const covered = (path: string) =>
    mounts.some(({ target }) => path === target || path.startsWith(`${target}/`));
  const pending = [kdir];
  for (let path = pending.shift(); path !== undefined; path = pending.shift()) {
    if (covered(path)) continue;
    const source = follow(roots, path);
    if (source === undefined) continue;
    const directory = statSync(source).isDirectory();
    mounts.push({ source, target: path });
    if (directory) pending.push(...outwardPaths(roots, path, source, path === kdir, broken));
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
): string[] {
  const paths: string[] = [];
  for (const entry of readdirSync(source, { withFileTypes: true })) {
    if (!entry.isSymbolicLink()) continue;
    const link = join(path, entry.name);
    const target = linkTarget([source], entry.name) && linkTarget(roots, link);
    if (target === undefined) continue;
    if (follow(roots, link) !== undefined) paths.push(target);
    else if (strict && neededNames.has(entry.name)) {
      broken.push({ from: link, by: 'link', target, needed: true });
    }
  }
  if (strict) paths.push(...mirroredTrees(roots, path, source, broken));
  for (const name of ['Makefile', '.kernelvariables']) {
    for (const included of includes(roots, join(path, name))) {
      if (strict && follow(roots, included) === undefined) {
        broken.push({ from: join(path, name), by: 'include', target: included, needed: true });
      }
      paths.push(dirname(included));
    }
  }
  return paths;
}

/** The paths outside of its directory that a Makefile includes, as it says of itself. */
function includes(roots: Roots, makefile: string): string[] {
  const file = locate(roots, makefile);
  if (file === undefined || !statSync(file, { throwIfNoEntry: false })?.isFile()) return [];
  // `make O=out` inside of a source tree writes `include ../Makefile`.
  const lines = readFileSync(file, 'utf8').matchAll(/^-?include\s+((?:\/|\.\.\/)\S+)/gm);
  return [...lines].flatMap(([, included]) =>
    included === undefined || included.includes('$') ? [] : [resolve(dirname(makefile), included)],
  );
}

/**
 * The trees that links deeper in a KDIR lead to, each to the same path in the other tree, as
 * Ubuntu's headers have them: `include/linux -> ../../linux-headers-5.15.0-1/include/linux`.
 */
function mirroredTrees(
  roots: Roots,
  path: string,
  source: string,
  broken: BrokenReference[],
): string[] {
  const trees = new Set<string>();
  const walk = (below: string): void => {
    for (const entry of readdirSync(join(source, below), { withFileTypes: true })) {
      const name = `${below}/${entry.name}`;
      // One empty file for each symbol: thousands, and never a link.
      if (entry.isDirectory() && name !== 'include/config') walk(name);
      const from = join(path, name);
      const target = entry.isSymbolicLink() ? linkTarget(roots, from) : undefined;
      if (target === undefined) continue;
      if (follow(roots, from) === undefined) {
        broken.push({ from, by: 'link', target, needed: false });
      }
      if (target.startsWith(`${path}/`)) continue;
      const mirrored = target.endsWith(`/${name}`);
      trees.add(mirrored ? target.slice(0, -name.length - 1) : target);
    }
  };
  for (const directory of ['arch', 'include', 'scripts', 'tools']) {
    if (lstat(join(source, directory))?.isDirectory()) walk(directory);
  }
  return [...trees];
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

/** What is broken about a reference, in words. */
export function describeBroken({ from, by, target }: BrokenReference): string {
  return `${from} ${by === 'link' ? 'leads to' : 'includes'} ${target}, which does not exist`;
}

/**
 * The mounts of a KDIR that lacks nothing which it needs.
 * @throws KbuildError KDIR_BROKEN_LINK
 */
export function kdirClosure(roots: Roots, kdir: string): KdirMount[] {
  const { mounts, broken } = kdirReach(roots, kdir);
  const first = broken.find(({ needed }) => needed);
  if (first === undefined) return mounts;
  const { remedy } = kdirFindingCatalogue.KDIR_BROKEN_LINK;
  throw new KbuildError('KDIR_BROKEN_LINK', describeBroken(first), remedy);
}
