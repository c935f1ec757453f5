import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { makefiles } from '../project/build-method.js';
import type { Project } from '../project/project.js';
import type { SourceFile } from '../project/source-files.js';
import { contentRefused } from '../release/dkms/check-content.js';
import type { TreeEntry } from '../release/pack/tree-entry.js';
import { treeMark } from '../release/dkms/tree-mark.js';

/** Files that describe a working copy, or how kbuild-ts builds it: a package has no use for them. */
const foreign = /(^|\/)(\.git[^/]*|\.hg[^/]*|\.svn|\.cvsignore|\.bzr[^/]*)(\/|$)/;
const configuration = /(^|\/)kbuild\.config\.(ya?ml|json|ts|mjs)$/;

/** The real paths of all that projects publish: a link may lead to nothing else. */
export const publishedBy = (projects: readonly Project[]): ReadonlySet<string> =>
  new Set(
    projects.flatMap(({ directory, files }) => {
      const real = realpathSync(directory);
      return files.filter(({ link }) => link === undefined).map(({ path }) => join(real, path));
    }),
  );

/**
 * The files of a project for a package, a generated Kbuild and Makefile among them.
 * @param published what may be in the package
 * @throws KbuildError DKMS_PACK_CONTENT
 */
export function projectEntries(
  project: Project,
  published: ReadonlySet<string>,
  at = '',
): TreeEntry[] {
  const { directory, files, method } = project;
  const generated = method.kind === 'generated' ? method : undefined;
  const own = files
    .filter(({ path }) => !foreign.test(path) && !configuration.test(path) && path !== treeMark)
    .filter(({ path }) => generated === undefined || !makefiles.includes(path))
    .map((file) => entryOf(directory, file, published, at));
  if (generated === undefined) return own;
  return [
    ...own,
    textEntry(`${at}Kbuild`, generated.kbuild),
    textEntry(`${at}Makefile`, generated.makefile),
  ];
}

export const textEntry = (path: string, content: string): TreeEntry => ({
  path,
  content,
  executable: false,
});

/**
 * The entries of one tree, in the order in which every package has them. Of those that want the same
 * place the last counts, and what is in the way of its directory goes too: it may be a link.
 */
export function layered(entries: readonly TreeEntry[]): TreeEntry[] {
  const kept = new Map<string, TreeEntry>();
  const directories = new Set<string>();
  for (const entry of [...entries].reverse()) {
    const above = directoriesOf(entry.path);
    if (kept.has(entry.path) || directories.has(entry.path)) continue;
    if (above.some((directory) => kept.has(directory))) continue;
    kept.set(entry.path, entry);
    for (const directory of above) directories.add(directory);
  }
  return [...kept.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}

function directoriesOf(path: string): string[] {
  const parent = dirname(path);
  return parent === '.' ? [] : [parent, ...directoriesOf(parent)];
}

/** Whether a project has a file in its root. */
export const hasRootFile = ({ directory, files }: Project, name: string): boolean =>
  files.some((file) => file.path === name) && existsSync(join(directory, name));

function entryOf(
  directory: string,
  file: SourceFile,
  published: ReadonlySet<string>,
  at: string,
): TreeEntry {
  const { path, executable, link } = file;
  if (link !== undefined) return { path: at + path, content: '', executable: false, link };
  const host = join(directory, path);
  const real = realpathSync(host);
  if (!published.has(real)) throw leadsOut(host, real);
  return { path: at + path, content: readFileSync(real), executable };
}

const leadsOut = (host: string, target: string) =>
  contentRefused(
    `${host} leads to ${target}, which is no file of the project: a package would publish it`,
    'Put a copy of the file into the project in place of the link, or remove the link.',
  );
