import { realpathSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { isBelow } from './is-below.js';
import type { Roots } from './tree.js';

/** What is the machine's own, with all that is below it. */
const ofTheMachine = ['/dev', '/etc', '/proc', '/sys', '/run', '/var/run'];

/** Directories that hold things of every kind, and are themselves no part of a kernel. */
const collections =
  /^\/(?:bin|boot|home(?:\/[^/]+)?|lib\w*|media|mnt|opt|root|run\/media(?:\/[^/]+)?|sbin|srv|tmp|(?:usr|var|usr\/local)(?:\/[^/]+)?)?$/;

/** Where packages of headers put their parts, which only the administrator can. */
const ofPackages = /^\/usr\/(?:src|lib)\/linux-[^/]+(?:\/|$)/;

/** Files of a KDIR that may lie anywhere, by their names in it. */
const files = new Set([
  '.config',
  '.kernelvariables',
  'Makefile',
  'Module.symvers',
  'System.map',
  'vmlinux',
]);

/**
 * Whether builds may see what a KDIR refers to outside of itself. A KDIR is the work of others: a
 * link `x -> /run` in it is not to show the engine's socket to the programs in its container, nor
 * one to a home directory the keys in it. So only what is a part of a kernel is shown.
 * @param target the path as a path of the tree, and `source`, what it names on this machine
 * @param name of the link that leads there, for a single file
 * @param kdir on this machine
 */
export function isPartOfKernel(
  roots: Roots,
  { target, source, name }: { target: string; source: string; name?: string },
  kdir: string,
): boolean {
  const stat = statSync(source);
  if (!stat.isDirectory() && !stat.isFile()) return false;
  if (isOfMachine(target, kdir)) return false;
  const real = realpathSync(source);
  // What was unpacked below a directory of one's own holds nothing of this machine.
  const own = roots.some((root) => root !== '/' && isBelow(real, realpathSync(root)));
  if (own) return true;
  if (isOfMachine(real, kdir)) return false;
  if (stat.isFile() && name !== undefined && files.has(name)) return true;
  return ofPackages.test(real) || isInKernelTree(real);
}

function isOfMachine(path: string, kdir: string): boolean {
  if (collections.test(path) || path === homedir()) return true;
  const isMedium = isBelow(path, '/run/media');
  if (!isMedium && ofTheMachine.some((directory) => isBelow(path, directory))) return true;
  const hidden = hiddenInHome(path);
  // Whoever keeps a KDIR in ~/.local/src may keep its source there too.
  return hidden !== undefined && !isBelow(kdir, hidden);
}

/** The hidden directory of a home directory that a path lies in: keys and tokens are in such ones. */
function hiddenInHome(path: string): string | undefined {
  const homes = [homedir(), '/root', /^\/home\/[^/]+/.exec(path)?.[0]];
  for (const home of homes) {
    if (home === undefined || home === '/' || !isBelow(path, home)) continue;
    const [, first = ''] = path.slice(home.length).split('/');
    if (first.startsWith('.') && first !== '.cache') return join(home, first);
  }
  return undefined;
}

/** Whether it, or a directory that it lies in, looks like the source or the headers of a kernel. */
function isInKernelTree(path: string): boolean {
  for (let at = path; !collections.test(at); at = dirname(at)) {
    if (looksLikeKernel(at)) return true;
  }
  return false;
}

/** What no directory but one with a kernel's scripts holds: its source, its headers, its host tools. */
const marks = [
  'scripts/Makefile.build',
  'scripts/Kbuild.include',
  'scripts/mod/modpost',
  'scripts/basic/fixdep',
];

function looksLikeKernel(path: string): boolean {
  const has = (name: string) => {
    try {
      return statSync(join(path, name), { throwIfNoEntry: false }) !== undefined;
    } catch {
      return false; // below a file, or not to be looked at
    }
  };
  if (marks.some(has)) return true;
  return (has('Makefile') || has('Kbuild')) && has('include') && has('arch');
}
