import {
  existsSync,
  lstatSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  statSync,
  type Stats,
} from 'node:fs';
import { basename, dirname, isAbsolute, join, normalize } from 'node:path';
import { isOfLinkedDirectory } from '../storage/linked-directory.js';
import { isForeign } from './foreign-files.js';

/** One file of a project, as it goes into a build. */
export interface SourceFile {
  /** Relative to the project's directory. */
  path: string;
  executable: boolean;
  /** Set for a symbolic link that stays inside the project: where it points, as it is written. */
  link?: string;
}

/** What a directory holds. */
export interface Sources {
  /** Sorted. */
  files: SourceFile[];
  /** Directories without files, which a Makefile may expect: relative, sorted. */
  directories: string[];
}

/** What Kbuild leaves in a tree beside the targets that have a `.cmd` file (Makefile, `clean`). */
const product = /(^|\/)(\..*\.cmd|.*\.ko|.*\.mod|.*\.mod\.c|modules\.order|Module\.symvers)$/;

/** Whether a directory is the output of an earlier run: it has our index (`artifact/publish-index`). */
export const isOurOutput = (directory: string): boolean =>
  existsSync(join(directory, '.kbuild-ts.json'));

/** The files of `listSources`. */
export const listSourceFiles = (directory: string, ...outputs: string[]): SourceFile[] =>
  listSources(directory, ...outputs).files;

/**
 * Lists a project's sources. What editors and version control keep (`foreign-files`), and what an earlier build left in the tree is not a source: a
 * file of which Kbuild's record (`.<name>.cmd`) lies beside it, and the likes of `*.mod.c`. An
 * object without such a record was put there by its vendor and stays. A link that leads nowhere stays
 * if it would lead to a place inside.
 * @param outputs output directories, which may lie in the project
 */
export function listSources(directory: string, ...outputs: string[]): Sources {
  const paths = everythingIn(directory, new Set(outputs));
  const all = new Set(paths);
  const isProduct = (path: string) =>
    isForeign(path) || product.test(path) || all.has(join(dirname(path), `.${basename(path)}.cmd`));
  const files = paths
    .filter((path) => !path.endsWith('/') && !isProduct(path))
    .sort()
    .flatMap((path) => describe(directory, path, isProduct));
  const directories = paths.filter((path) => path.endsWith('/')).map((path) => path.slice(0, -1));
  const parents = new Set(directories.map((path) => dirname(path)));
  for (const { path } of files) {
    for (let at = dirname(path); at !== '.' && !parents.has(at); at = dirname(at)) parents.add(at);
  }
  return { files, directories: directories.filter((path) => !parents.has(path)).sort() };
}

/** All paths below a directory, relative to it, those of directories with a slash at their end. */
function everythingIn(directory: string, outputs: ReadonlySet<string>): string[] {
  const paths: string[] = [];
  const walk = (below: string): void => {
    for (const entry of readdirSync(join(directory, below), { withFileTypes: true })) {
      const path = below + entry.name;
      const place = join(directory, path);
      if (isForeign(path) || outputs.has(place)) continue;
      // Releases that were put into the tree are not made of each other.
      if (isOfLinkedDirectory(place, entry.isSymbolicLink())) continue;
      if (!entry.isDirectory()) paths.push(path);
      else {
        paths.push(`${path}/`);
        walk(`${path}/`);
      }
    }
  };
  walk('');
  return paths;
}

function describe(
  directory: string,
  path: string,
  isProduct: (path: string) => boolean,
  seen: readonly string[] = [],
): SourceFile[] {
  const host = join(directory, path);
  const isLink = lstatSync(host).isSymbolicLink();
  const stat = followed(host);
  if (isLink && isKbuildLink(directory, path)) return [];
  if (isLink && staysInside(directory, path)) {
    return [{ path, executable: false, link: readlinkSync(host) }];
  }
  if (stat?.isFile()) return [{ path, executable: (stat.mode & 0o111) !== 0 }];
  if (!stat?.isDirectory()) return []; // a socket, a pipe, a device, nothing
  // A directory outside: its files come along, as a file outside does. A circle ends here.
  const real = realpathSync(host);
  if (seen.includes(real)) return [];
  return readdirSync(host)
    .sort()
    .map((name) => `${path}/${name}`)
    .filter((inner) => !isProduct(inner))
    .flatMap((inner) => describe(directory, inner, isProduct, [...seen, real]));
}

/** The link to the sources that Kbuild leaves in a directory of MO= (Makefile, `outputmakefile`). */
function isKbuildLink(directory: string, path: string): boolean {
  const host = join(directory, path);
  return (
    basename(path) === 'source' &&
    existsSync(host) &&
    realpathSync(host) === realpathSync(directory)
  );
}

function staysInside(directory: string, path: string): boolean {
  const link = readlinkSync(join(directory, path));
  const target = normalize(join(dirname(path), link));
  if (isAbsolute(link) || /^\.\.(\/|$)/.test(target)) return false;
  // Below a directory that lies elsewhere, it is followed.
  const parent = join(realpathSync(directory), dirname(path));
  return realpathSync(parent) === parent;
}

/** What a path leads to; undefined where it leads nowhere. */
function followed(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}
