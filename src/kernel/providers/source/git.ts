import { copyFile, mkdir } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { KbuildError, throwIfInterrupted } from '../../../errors/kbuild-error.js';

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
 * are not ignored. Nothing is written to the repository: what has to be written, the objects of
 * changed files and an index, goes to a directory of the run.
 * @throws KbuildError KERNEL_SOURCE_GIT
 */
export async function gitTree(
  directory: string,
  revision: string | undefined,
  scratch: string,
  signal: AbortSignal,
): Promise<GitTree> {
  const plain = runner(directory, {}, signal);
  if (revision !== undefined) {
    const id = await plain(['rev-parse', '--verify', '--end-of-options', `${revision}^{tree}`]);
    return treeOf(id.trim(), plain);
  }
  const locate = async (name: string): Promise<string> => {
    const path = (await plain(['rev-parse', '--git-path', name])).trim();
    return isAbsolute(path) ? path : join(directory, path);
  };
  const [index, objects] = [await locate('index'), await locate('objects')];
  const own = join(scratch, 'git');
  await mkdir(join(own, 'objects'), { recursive: true });
  const copy = join(own, 'index');
  if (existsSync(index)) await copyFile(index, copy);
  const alone = { GIT_INDEX_FILE: copy, GIT_OBJECT_DIRECTORY: join(own, 'objects') };
  // Without the repository's objects in sight: git would touch those that it would write again.
  const write = runner(directory, alone, signal);
  await write(['add', '--all', '.']);
  const id = await write(['write-tree', '--missing-ok']);
  const all = { ...alone, GIT_ALTERNATE_OBJECT_DIRECTORIES: quoteAlternate(objects) };
  return treeOf(id.trim(), runner(directory, all, signal));
}

/** The list is separated by colons; a path in double quotes is one path (git(1)). */
const quoteAlternate = (path: string): string =>
  /[:"]/.test(path) ? `"${path.replaceAll(/["\\]/g, String.raw`\$&`)}"` : path;

type Git = (args: string[]) => Promise<string>;

const treeOf = (id: string, git: Git): GitTree => ({
  id,
  read: (path) => git(['cat-file', 'blob', `${id}:${path}`]).catch(() => undefined),
  archive: async (file) => {
    await git(['archive', '--format=tar', `--output=${file}`, id]);
  },
});

function runner(directory: string, env: Record<string, string>, signal: AbortSignal): Git {
  return async (args) => {
    const { execa } = await import('execa');
    // Neither hooks nor a watcher of the repository are to run.
    const config = ['core.hooksPath=/dev/null', 'core.fsmonitor=false'];
    const options = config.flatMap((setting) => ['-c', setting]);
    const result = await execa('git', [...options, '-C', directory, ...args], {
      env: { GIT_OPTIONAL_LOCKS: '0', GIT_TERMINAL_PROMPT: '0', LC_ALL: 'C', ...env },
      reject: false,
      stdin: 'ignore',
      cancelSignal: signal,
    });
    throwIfInterrupted(signal);
    if (!result.failed) return result.stdout;
    if (result.code === 'ENOENT') {
      throw new KbuildError(
        'KERNEL_SOURCE_GIT',
        `${directory} is a git tree, and there is no program 'git' on this machine`,
        "Install git, or give a tarball that 'git archive' made elsewhere.",
      );
    }
    const said = (result.stderr || (result.shortMessage ?? '')).split('\n', 3).join(' ');
    throw new KbuildError(
      'KERNEL_SOURCE_GIT',
      `the git tree ${directory} cannot be read: ${said}`,
      'Check the revision, and that the repository is whole and yours (git fsck; safe.directory).',
    );
  };
}
