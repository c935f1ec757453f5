import { readlinkSync, realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { makefileIncludes, type MakefileInclude } from './makefile-includes.js';
import { follow, linkTarget, type Roots } from './tree.js';

/** Where a KDIR is to be read: its path, and the directories that its absolute paths lie below. */
export interface KdirPlace {
  path: string;
  roots: Roots;
}

/**
 * Finds out how a path on this machine is to be read. Mostly as it is, its links followed. Packages
 * that were unpacked below a directory of one's own (`dpkg -x linux-headers-….deb DIR`) refer to
 * `/usr/src/…` and mean `DIR/usr/src/…`: then DIR is
 * the root, and this machine's stands in for what DIR lacks alone.
 */
export function locateKdir(path: string): KdirPlace {
  const absolute = resolve(path.replace(/^~(?=\/|$)/, homedir()));
  for (const { root, inside } of unpackedBelow(absolute)) {
    const place = follow([root], inside);
    if (place?.startsWith(`${root}/`) !== true) continue;
    const kdir = place.slice(root.length);
    const references = referencesOf(root, kdir);
    const exists = ({ target }: Reference) => follow([root], target) !== undefined;
    const linked = realpath(absolute) !== realpath(place);
    if (!linked && !references.some((one) => one.absolute && exists(one))) continue;
    // What is not below the root may be installed; where all is, this machine's files stay out of it.
    return { path: kdir, roots: references.every(exists) ? [root] : [root, '/'] };
  }
  // /lib/modules/<release>/build is a link: the build sees what it leads to.
  return { path: realpath(absolute) ?? absolute, roots: ['/'] };
}

/** Each way to read a path as one below a root of packages, the longest root first. */
function unpackedBelow(path: string): { root: string; inside: string }[] {
  const starts = [...path.matchAll(/\/(?=(?:usr\/src|usr\/lib\/modules|lib\/modules)\/)/g)];
  return starts
    .map(({ index }) => ({ root: path.slice(0, index), inside: path.slice(index) }))
    .filter(({ root, inside }) => root !== '' && !(root.endsWith('/usr') && /^\/lib/.test(inside)))
    .reverse();
}

interface Reference {
  /** As a path below the root. */
  target: string;
  /** It stands so in the KDIR: below another root it would be another file. */
  absolute: boolean;
}

/** What a KDIR below a root refers to outside of itself, by its links and its Makefile. */
function referencesOf(root: string, kdir: string): Reference[] {
  const links = ['scripts', 'tools', 'include', 'arch', 'Makefile'].flatMap((name) => {
    const link = join(kdir, name);
    const target = linkTarget([root], link);
    if (target === undefined) return [];
    return [{ target, absolute: isAbsolute(readlinkSync(join(root, link))) }];
  });
  const makefiles = ['Makefile', '.kernelvariables'].flatMap((name) =>
    includesOf(root, join(kdir, name))
      .filter(({ written }) => isAbsolute(written))
      .map(({ path: target }) => ({ target, absolute: true })),
  );
  return [...links, ...makefiles].filter(({ target }) => !target.startsWith(`${kdir}/`));
}

function includesOf(root: string, makefile: string): MakefileInclude[] {
  try {
    return makefileIncludes([root], makefile);
  } catch {
    return []; // the survey says what cannot be read
  }
}

function realpath(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined; // the survey says what is missing
  }
}
