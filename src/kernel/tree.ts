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
    return lstatSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}

/** Where a path of a tree lies on the host, links not followed; undefined if nowhere. */
export type Locate = (path: string) => string | undefined;

/** The path that a link in the tree leads to, as a path of the tree, or undefined for no link. */
export const linkTarget = (roots: Roots, path: string): string | undefined =>
  linkTargetIn((at) => locate(roots, at), path);

/**
 * Follows links, wherever in the path they stand, inside the tree.
 * @returns the host path of what the path finally names, or undefined if it leads nowhere
 */
export const follow = (roots: Roots, path: string): string | undefined =>
  followIn((at) => locate(roots, at), path);

/** As `linkTarget`, in a tree of any making. */
export function linkTargetIn(locatePath: Locate, path: string): string | undefined {
  const host = locatePath(path);
  if (host === undefined || !lstatSync(host).isSymbolicLink()) return undefined;
  const target = readlinkSync(host);
  return isAbsolute(target) ? resolve(target) : resolve(dirname(path), target);
}

/** As `follow`, in a tree of any making. */
export function followIn(locatePath: Locate, path: string): string | undefined {
  let pending = path.split('/').filter(Boolean);
  let at = '/';
  for (let hops = 0; pending.length > 0;) {
    const next = join(at, pending[0] as string);
    pending = pending.slice(1);
    const target = linkTargetIn(locatePath, next);
    if (target === undefined) {
      at = next;
      continue;
    }
    if (++hops > 40) return undefined; // as ELOOP
    pending = [...target.split('/').filter(Boolean), ...pending];
    at = '/';
  }
  return locatePath(at);
}
