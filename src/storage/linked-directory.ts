import { readlinkSync } from 'node:fs';
import {
  lstat,
  mkdir,
  readdir,
  readlink,
  rename,
  rm,
  rmdir,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { basename, dirname, join, sep } from 'node:path';
import { temporaryName } from './atomic.js';
import { ensureDirectory } from './ensure-directory.js';

/** A file of a directory that is replaced as a whole. */
export interface DirectoryFile {
  /** Relative. */
  path: string;
  bytes: Uint8Array;
}

/** The names of the directories that a link of this name may lead to: `.release.d-3f2a…`. */
const ownPrefix = (path: string): string => `.${basename(path)}.d-`;

/** Such a directory as a whole: `.release.d-3f2a….4711-09af54c1`. */
const ownDirectory = /^\..+\.d-[0-9a-zA-Z]+\.\d+-[0-9a-f]{8}$/;

/** What keeps others from replacing a linked directory at the same time (`storage/lock`). */
export const linkedDirectoryLock = (path: string): string =>
  join(dirname(path), `.${basename(path)}.d-lock`);

/** Whether a path is a linked directory, what it leads to, or its lock, by whatever run it was left. */
export function isOfLinkedDirectory(path: string, isLink: boolean): boolean {
  const name = basename(path);
  if (ownDirectory.test(name)) return true;
  return isLink && (/^\..+\.d-lock$/.test(name) || ownDirectory.test(readlinkSync(path)));
}

/** What stands at a place that a linked directory shall have. */
export type Standing = 'nothing' | 'ours' | 'foreign';

/** Whether a path is the link of a linked directory. */
export function isLinkedDirectory(path: string): boolean {
  try {
    const target = readlinkSync(path);
    return target.startsWith(ownPrefix(path)) && !target.includes('/');
  } catch {
    return false; // no link, or not there
  }
}

/** Whether a linked directory may take a place: what somebody else has put there is not replaced. */
export async function standingAt(path: string): Promise<Standing> {
  const found = await lstat(path).catch(() => undefined);
  if (found === undefined) return 'nothing';
  if (found.isSymbolicLink()) return isLinkedDirectory(path) ? 'ours' : 'foreign';
  // An empty directory that a user made for it holds nothing that could be lost.
  return found.isDirectory() && (await readdir(path)).length === 0 ? 'nothing' : 'foreign';
}

/**
 * Puts files into the place of all that a directory holds, in one step: `path` is a symbolic link, and
 * goes over from the old directory to the new one by a rename. Whoever looks, whenever we are killed,
 * sees all of the old files or all of the new ones. What killed runs left beside it goes.
 *
 * One caller at a time; `standingAt` must not say `foreign`.
 * @param id tells these files from others: letters and digits
 */
export async function replaceLinkedDirectory(
  path: string,
  id: string,
  files: readonly DirectoryFile[],
): Promise<void> {
  const parent = dirname(path);
  ensureDirectory(parent);
  const before = await readlink(path).catch(() => undefined);
  await dropOthers(path, before);
  const target = temporaryName(join(parent, `${ownPrefix(path).slice(1)}${id}`));
  try {
    await writeAll(target, files);
    const link = temporaryName(path);
    await symlink(basename(target), link);
    if (before === undefined) await rmdir(path).catch(() => undefined);
    await rename(link, path).catch(async (error: unknown) => {
      await rm(link, { force: true });
      throw error;
    });
  } catch (error) {
    await rm(target, { recursive: true, force: true });
    throw error;
  }
  await dropOthers(path, basename(target));
}

/**
 * Removes a linked directory, with what killed runs left beside it. What somebody else put there stays.
 * @returns what was removed
 */
export async function removeLinkedDirectory(path: string): Promise<string[]> {
  if ((await standingAt(path)) !== 'ours') return [];
  await rm(path);
  await dropOthers(path, undefined);
  return [path];
}

/** Removes directories that the link does not lead to, and links that never took its place. */
async function dropOthers(path: string, kept: string | undefined): Promise<void> {
  const parent = dirname(path);
  for (const name of await readdir(parent)) {
    const isOurs = name.startsWith(ownPrefix(path)) || isUnusedLink(path, name);
    const isLock = join(parent, name) === linkedDirectoryLock(path);
    if (isOurs && !isLock && name !== kept)
      await rm(join(parent, name), { recursive: true, force: true });
  }
}

function isUnusedLink(path: string, name: string): boolean {
  const prefix = `.${basename(path)}.`;
  return name.startsWith(prefix) && /^\d+-[0-9a-f]{8}$/.test(name.slice(prefix.length));
}

async function writeAll(directory: string, files: readonly DirectoryFile[]): Promise<void> {
  const made = new Set<string>();
  await mkdir(directory);
  for (const { path, bytes } of files) {
    const target = join(directory, path);
    if (!target.startsWith(directory + sep)) throw new Error(`${path} leads out of the directory`);
    const parent = dirname(target);
    if (!made.has(parent)) await mkdir(parent, { recursive: true });
    made.add(parent);
    await writeFile(target, bytes, { flag: 'wx' });
  }
}
