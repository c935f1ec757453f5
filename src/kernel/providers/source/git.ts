import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { gitError, gitIn, type Git } from './git-run.js';
import { findRepository, shadowOf } from './git-repository.js';

/** A state of a git tree: what a commit has, or the files as they are. */
export interface GitTree {
  /** The id of the tree object: names its content. */
  id: string;
  /** A file of it, if it has it. */
  read: (path: string) => Promise<string | undefined>;
  /** Writes it as a tar archive. */
  archive: (file: string) => Promise<void>;
}

/** Whether a directory is the top of a git tree, or a bare repository. */
export function isGitTree(directory: string): boolean {
  const has = (name: string) => existsSync(join(directory, name));
  return has('.git') || (has('HEAD') && has('objects') && has('refs'));
}

/**
 * A git tree at a revision, or as its files are: tracked ones with their changes, and others that
 * are not ignored. A stranger may have made it: no program that its configuration or attributes
 * name is run, and nothing is written to it. Both go by a repository of our own in a directory of
 * the run, which borrows the objects; files are taken as they lie there, filters or not.
 * @throws KbuildError KERNEL_SOURCE_GIT
 */
export async function gitTree(
  directory: string,
  revision: string | undefined,
  scratch: string,
  signal: AbortSignal,
): Promise<GitTree> {
  const repository = findRepository(directory);
  if (repository.bare && revision === undefined) {
    throw gitError(
      `${directory} is a bare repository: it has no files, only revisions`,
      `Name one: ${directory}#<revision>.`,
    );
  }
  const shadow = await shadowOf(repository, directory, scratch, signal);
  const alone = { GIT_DIR: shadow, GIT_WORK_TREE: directory };
  const objects = quoteAlternate(join(repository.common, 'objects'));
  const all = { ...alone, GIT_ALTERNATE_OBJECT_DIRECTORIES: objects };
  const read = gitIn(shadow, directory, all, signal);
  if (revision !== undefined) {
    const id = await read(['rev-parse', '--verify', '--end-of-options', `${revision}^{tree}`]);
    return treeOf(id.trim(), read);
  }
  // Without the repository's objects in sight: git would touch those that it would write again.
  const write = gitIn(directory, directory, alone, signal);
  await forgetSubmodules(write);
  await write(['add', '--all', '.']);
  const id = await write(['write-tree', '--missing-ok']);
  return treeOf(id.trim(), read);
}

/** For those that it knows, `git add` asks `git status` in them, by their own configuration. */
async function forgetSubmodules(git: Git): Promise<void> {
  const entries = (await git(['ls-files', '--stage'])).split('\n');
  const paths = entries.filter((line) => line.startsWith('160000 ')).map(pathOf);
  if (paths.length > 0) await git(['update-index', '--force-remove', '--stdin'], lines(paths));
}

/** Of `<mode> <id> <stage>\t<path>`; unusual ones are quoted, and so they are read again. */
const pathOf = (line: string): string => line.slice(line.indexOf('\t') + 1);

const lines = (paths: readonly string[]): string => paths.map((path) => `${path}\n`).join('');

/** The list is separated by colons; a path in double quotes is one path (git(1)). */
const quoteAlternate = (path: string): string =>
  /[:"]/.test(path) ? `"${path.replaceAll(/["\\]/g, String.raw`\$&`)}"` : path;

const treeOf = (id: string, git: Git): GitTree => ({
  id,
  read: (path) => git(['cat-file', 'blob', `${id}:${path}`]).catch(() => undefined),
  archive: async (file) => {
    await git(['archive', '--format=tar', `--output=${file}`, id]);
  },
});
