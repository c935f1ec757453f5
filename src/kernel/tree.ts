import { lstatSync, readlinkSync, type Stats } from 'node:fs';
import { dirname, isAbsolute, join, resolve } from 'node:path';

/**
 * A file system made of several host directories laid over one another, in which a KDIR's
 * absolute paths are looked up: `['/']` for a KDIR of this machine, the directories of unpacked
 * packages for a fetched one. The first directory that holds a path wins.
 */
export type Roots = readonly string[];

/** Where a path of the tree lies on the host, links not followed; undefined if nowhere. */
export function locate(roots: Roots, path: string): string | undefined {
  for (const root of roots) {
    const host = join(root, path);
    if (lstat(host) !== undefined) return host;
  }
  return undefined;
}

/** What stands at a path, links not followed; undefined for nothing, and for a path below a file. */
export function lstat(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOTDIR') return undefined;
    throw error;
  }
}

/** Where a path of a tree lies on the host, links not followed; undefined if nowhere. */
export type Locate = (path: string) => string | undefined;

/** The path that a link in the tree leads to, as a path of the tree, or undefined for no link. */
export const linkTarget = (roots: Roots, path: string): string | undefined =>
  linkTargetIn((at) => locate(roots, at), path);

/** As `linkTarget`, in a tree of any making. */
export function linkTargetIn(locatePath: Locate, path: string): string | undefined {
  const host = locatePath(path);
  if (host === undefined || !lstatSync(host).isSymbolicLink()) return undefined;
  return targetOf(host, path);
}

function targetOf(host: string, path: string): string {
  const target = readlinkSync(host);
  return isAbsolute(target) ? resolve(target) : resolve(dirname(path), target);
}

/**
 * What was learned while paths were followed: where directories and files of the tree lie that are
 * no links. For as long as nothing changes, and for one pile of roots.
 */
export type Followed = Map<string, string>;

/**
 * Follows links, wherever in the path they stand, inside the tree.
 * @param followed what is known of the tree; what is learned is added
 * @returns the host path of what the path finally names, or undefined if it leads nowhere
 */
export function follow(
  roots: Roots,
  path: string,
  followed: Followed = new Map(),
): string | undefined {
  const end = walk(path, (at) => (followed.has(at) ? undefined : look(roots, at, followed)));
  return end === undefined ? undefined : (followed.get(end) ?? locate(roots, end));
}

/** As `follow`, in a tree of any making. */
export function followIn(locatePath: Locate, path: string): string | undefined {
  const end = walk(path, (at) => linkTargetIn(locatePath, at));
  return end === undefined ? undefined : locatePath(end);
}

/**
 * The path to which a path leads when all links are followed; undefined for links in a circle.
 * @param targetAt where a link leads to; undefined for what is none
 */
function walk(path: string, targetAt: (path: string) => string | undefined): string | undefined {
  let pending = path.split('/').filter(Boolean);
  let at = '/';
  for (let hops = 0, i = 0; i < pending.length; i++) {
    const next = join(at, pending[i] as string);
    const target = targetAt(next);
    if (target === undefined) {
      at = next;
      continue;
    }
    if (++hops > 40) return undefined; // as ELOOP
    pending = [...target.split('/').filter(Boolean), ...pending.slice(i + 1)];
    i = -1;
    at = '/';
  }
  return at;
}

/** Where a link leads to; else remembers where what stands there lies. */
function look(roots: Roots, path: string, followed: Followed): string | undefined {
  for (const root of roots) {
    const host = join(root, path);
    const stat = lstat(host);
    if (stat?.isSymbolicLink()) return targetOf(host, path);
    if (stat === undefined) continue;
    followed.set(path, host);
    return undefined;
  }
  return undefined;
}
