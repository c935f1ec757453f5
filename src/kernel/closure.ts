import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { KbuildError } from '../errors/kbuild-error.js';
import { follow, linkTarget, locate, lstat, type Roots } from './tree.js';

/** A host directory that a build must see at the path where the KDIR expects it. */
export interface KdirMount {
  source: string;
  target: string;
}

/**
 * The directories that a KDIR needs: itself, those that links in it lead to, and those that
 * its Makefiles include by absolute path, and so on for each of these. Distribution headers are
 * split this way (`include /usr/src/linux-headers-…-common/Makefile`,
 * `scripts -> ../../lib/linux-kbuild-6.1/scripts`), and so is a build with `O=`.
 * @throws KbuildError KDIR_BROKEN_LINK for a link in the KDIR's top directory that leads nowhere
 */
export function kdirClosure(roots: Roots, kdir: string): KdirMount[] {
  const mounts: KdirMount[] = [];
  const covered = (path: string) =>
    mounts.some(({ target }) => path === target || path.startsWith(`${target}/`));
  const pending = [kdir];
  for (let path = pending.shift(); path !== undefined; path = pending.shift()) {
    if (covered(path)) continue;
    const source = follow(roots, path);
    if (source === undefined) continue;
    const directory = statSync(source).isDirectory();
    mounts.push({ source, target: path });
    if (directory) pending.push(...outwardPaths(roots, path, source, path === kdir));
  }
  // What lies inside of another mount at its own place needs none of its own.
  return mounts
    .filter(({ source, target }) => !mounts.some((m) => contains(m, source, target)))
    .sort((a, b) => (a.target < b.target ? -1 : 1));
}

const contains = (mount: KdirMount, source: string, target: string): boolean =>
  target.startsWith(`${mount.target}/`) &&
  source === mount.source + target.slice(mount.target.length);

/** The absolute paths that a directory refers to, by its links and its top Makefile. */
function outwardPaths(roots: Roots, path: string, source: string, strict: boolean): string[] {
  const paths: string[] = [];
  for (const entry of readdirSync(source, { withFileTypes: true })) {
    if (!entry.isSymbolicLink()) continue;
    const link = join(path, entry.name);
    const target = linkTarget([source], entry.name) && linkTarget(roots, link);
    if (target === undefined) continue;
    if (follow(roots, link) !== undefined) paths.push(target);
    else if (strict && needed.has(entry.name)) throw brokenLink(link, target);
  }
  if (strict) paths.push(...mirroredTrees(roots, path, source));
  for (const name of ['Makefile', '.kernelvariables']) {
    const file = locate(roots, join(path, name));
    if (file === undefined) continue;
    for (const [, included] of readFileSync(file, 'utf8').matchAll(/^-?include\s+(\/\S+)/gm)) {
      if (included === undefined) continue;
      if (strict && follow(roots, included) === undefined) throw brokenInclude(path, included);
      paths.push(dirname(included));
    }
  }
  return paths;
}

/**
 * The trees that links deeper in a KDIR lead to, each to the same path in the other tree, as
 * Ubuntu's headers have them: `include/linux -> ../../linux-headers-5.15.0-1/include/linux`.
 */
function mirroredTrees(roots: Roots, path: string, source: string): string[] {
  const trees = new Set<string>();
  const walk = (below: string): void => {
    for (const entry of readdirSync(join(source, below), { withFileTypes: true })) {
      const name = `${below}/${entry.name}`;
      if (entry.isDirectory()) walk(name);
      const target = entry.isSymbolicLink() ? linkTarget(roots, join(path, name)) : undefined;
      if (target === undefined || target.startsWith(`${path}/`)) continue;
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
const needed = new Set([
  'Makefile',
  'arch',
  'include',
  'scripts',
  'tools',
  'Module.symvers',
  '.config',
]);

function brokenInclude(path: string, included: string): KbuildError {
  return new KbuildError(
    'KDIR_BROKEN_LINK',
    `${path}/Makefile includes ${included}, which does not exist`,
    'The KDIR is incomplete: install the package or copy the directory that holds it, or fetch the headers with --kernel debian:<suite>.',
  );
}

function brokenLink(link: string, target: string): KbuildError {
  return new KbuildError(
    'KDIR_BROKEN_LINK',
    `${link} leads to ${target}, which does not exist`,
    'The KDIR is incomplete: install the package or copy the directory that holds the target, or fetch the headers with --kernel debian:<suite>.',
  );
}
