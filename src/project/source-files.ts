import { lstatSync, readlinkSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, normalize } from 'node:path';
import glob from 'fast-glob';

/** One file of a project, as it goes into a build. */
export interface SourceFile {
  /** Relative to the project's directory. */
  path: string;
  executable: boolean;
  /** Set for a symbolic link that stays inside the project: where it points, as it is written. */
  link?: string;
}

/** Never part of a source: version control, dependencies of other tools. */
const foreign = [
  '**/.git/**',
  '**/.svn/**',
  '**/.hg/**',
  '**/node_modules/**',
  '**/.tmp_versions/**',
];
/** What Kbuild leaves in a tree beside the targets that have a `.cmd` file (Makefile, `clean`). */
const product = /(^|\/)(\..*\.cmd|.*\.ko|.*\.mod|.*\.mod\.c|modules\.order|Module\.symvers)$/;

/**
 * Lists a project's sources, sorted. What an earlier build left in the tree is not a source: a
 * file of which Kbuild's record (`.<name>.cmd`) lies beside it, and the likes of `*.mod.c`. An
 * object without such a record was put there by its vendor and stays.
 * @param output the output directory, which may lie in the project
 */
export function listSourceFiles(directory: string, output: string): SourceFile[] {
  const inside = output.startsWith(`${directory}/`)
    ? output.slice(directory.length + 1)
    : undefined;
  const paths = glob.sync('**', {
    cwd: directory,
    dot: true,
    followSymbolicLinks: false,
    onlyFiles: false,
    markDirectories: true,
    ignore: [...foreign, ...(inside === undefined ? [] : [`${glob.escapePath(inside)}/**`])],
  });
  const all = new Set(paths);
  const isProduct = (path: string) =>
    product.test(path) || all.has(join(dirname(path), `.${basename(path)}.cmd`));
  return paths
    .filter((path) => !path.endsWith('/') && !isProduct(path))
    .sort()
    .flatMap((path) => describe(directory, path) ?? []);
}

function describe(directory: string, path: string): SourceFile | undefined {
  const stat = lstatSync(join(directory, path));
  if (stat.isSymbolicLink()) {
    const link = readlinkSync(join(directory, path));
    const target = normalize(join(dirname(path), link));
    const staysInside = !isAbsolute(link) && !target.startsWith('..');
    if (staysInside) return { path, executable: false, link };
  } else if (!stat.isFile()) {
    return undefined; // a socket, a pipe, a device
  }
  return { path, executable: (stat.mode & 0o111) !== 0 };
}
