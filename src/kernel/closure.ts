import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { KbuildError } from '../errors/kbuild-error.js';
import { follow, linkTarget, locate, type Roots } from './tree.js';

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
  return mounts.sort((a, b) => (a.target < b.target ? -1 : 1));
}

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
  for (const name of ['Makefile', '.kernelvariables']) {
    const file = locate(roots, join(path, name));
    if (file === undefined) continue;
    for (const [, included] of readFileSync(file, 'utf8').matchAll(/^-?include\s+(\/\S+)/gm)) {
      if (included !== undefined) paths.push(dirname(included));
    }
  }
  return paths;
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

function brokenLink(link: string, target: string): KbuildError {
  return new KbuildError(
    'KDIR_BROKEN_LINK',
    `${link} leads to ${target}, which does not exist`,
    'The KDIR is incomplete: install the package or copy the directory that holds the target, or fetch the headers with --kernel debian:<suite>.',
  );
}
