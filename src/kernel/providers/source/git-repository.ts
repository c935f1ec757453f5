import { existsSync, readdirSync, statSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { readBounded } from '../../../storage/read-bounded.js';
import { gitError, gitIn } from './git-run.js';

/** Where a repository keeps its parts. */
export interface GitRepository {
  /** Of this working tree: HEAD and index. */
  own: string;
  /** Of all its working trees: objects and refs. */
  common: string;
  /** Has no working tree. */
  bare: boolean;
}

const is = (path: string, kind: 'isFile' | 'isDirectory'): boolean =>
  statSync(path, { throwIfNoEntry: false })?.[kind]() ?? false;

/**
 * Finds the parts without git, which would read the repository's configuration for it.
 * @throws KbuildError KERNEL_SOURCE_GIT
 */
export function findRepository(directory: string): GitRepository {
  const entry = join(directory, '.git');
  const bare = !existsSync(entry);
  const own = bare ? directory : is(entry, 'isFile') ? linked(directory, entry) : entry;
  const commonFile = join(own, 'commondir');
  const common = is(commonFile, 'isFile') ? resolve(own, firstLine(commonFile)) : own;
  if (is(join(common, 'objects'), 'isDirectory')) return { own, common, bare };
  throw gitError(
    `the git tree ${directory} cannot be read: ${common} has no objects`,
    'Is it whole? A working tree that was moved is mended by git worktree repair.',
  );
}

/** Of a working tree that was added to a repository, and of a submodule. */
const linked = (directory: string, file: string): string =>
  resolve(directory, firstLine(file).replace(/^gitdir: /, ''));

const firstLine = (file: string): string =>
  readBounded(file, 2 ** 16)
    .toString()
    .split('\n', 1)[0] ?? '';

/**
 * Makes a repository that has the objects, refs and index of another, and nothing that names a
 * program: no configuration, attributes or hooks.
 * @param scratch where it goes, as a new directory; that is what comes back
 */
export async function shadowOf(
  { own, common }: GitRepository,
  directory: string,
  scratch: string,
  signal: AbortSignal,
): Promise<string> {
  const parent = await mkdtemp(join(scratch, 'git-'));
  const shadow = join(parent, 'shadow');
  const git = gitIn(parent, directory, { GIT_CEILING_DIRECTORIES: dirname(parent) }, signal);
  const config = join(common, 'config');
  // Of one file, and not of what it includes. Nothing is found: the default.
  const format = is(config, 'isFile')
    ? await git([
        ...['config', '--no-includes', '--file', config],
        ...['--default', 'sha1', '--get', 'extensions.objectFormat'],
      ])
    : 'sha1';
  const init = ['init', '--quiet', '--bare', '--template='];
  await git([...init, `--object-format=${format.trim()}`, shadow]);
  await mkdir(join(shadow, 'info'), { recursive: true });
  await mkdir(join(shadow, 'logs'));
  const shared = readdirSync(own).filter((name) => name.startsWith('sharedindex.'));
  for (const name of ['HEAD', 'index', 'logs/HEAD', ...shared]) {
    if (is(join(own, name), 'isFile')) await copyFile(join(own, name), join(shadow, name));
  }
  for (const name of ['packed-refs', 'shallow', 'info/exclude']) {
    if (is(join(common, name), 'isFile')) await copyFile(join(common, name), join(shadow, name));
  }
  // Nothing is written to these: no command that we run makes a ref.
  await rm(join(shadow, 'refs'), { recursive: true });
  await symlink(join(common, 'refs'), join(shadow, 'refs'));
  if (is(join(common, 'logs/refs'), 'isDirectory')) {
    await symlink(join(common, 'logs/refs'), join(shadow, 'logs/refs'));
  }
  return shadow;
}
