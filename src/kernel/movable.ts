import { createHash } from 'node:crypto';
import { readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { KdirReach } from './closure.js';
import { readText } from './read-text.js';
import { lstat } from './tree.js';

/**
 * Whether Kbuild refuses a path: one with a blank or a colon ("source directory cannot contain
 * spaces or colons", the kernel's Makefile). Make itself splits words at every kind of blank.
 */
export const isRefusedByKbuild = (path: string): boolean => /[\s:]/.test(path);

/** Where builds see a KDIR that cannot stay at its own path. */
export function movedPath(path: string): string {
  const hash = createHash('sha256').update(path).digest('hex').slice(0, 12);
  return `/usr/src/kbuild-ts/kdir-${hash}`;
}

/**
 * Whether a KDIR works at another path: it needs nothing outside itself, and neither its links nor
 * its Makefile name the place where it lies.
 */
export function isMovable(path: string, { mounts }: KdirReach): boolean {
  const [only] = mounts;
  if (only === undefined || mounts.length > 1 || only.target !== path) return false;
  const files = ['Makefile', '.kernelvariables'].map((name) => join(only.source, name));
  const names = files.some((file) => readText(file).includes(path));
  return !names && !hasAbsoluteLinks(only.source);
}

/** Looks where a build of modules reads: at the top, and below these. */
function hasAbsoluteLinks(root: string): boolean {
  const within = (directory: string, deep: boolean): boolean =>
    readdirSync(directory, { withFileTypes: true }).some((entry) => {
      const path = join(directory, entry.name);
      if (entry.isSymbolicLink()) return readlinkSync(path).startsWith(`${root}/`);
      return deep && entry.isDirectory() && within(path, true);
    });
  const deep = ['arch', 'include', 'scripts', 'tools'].map((name) => join(root, name));
  return (
    within(root, false) || deep.some((path) => lstat(path)?.isDirectory() && within(path, true))
  );
}
