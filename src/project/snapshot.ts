import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { chmod, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { BuildMethod, SourceTree } from './project.js';
import type { SourceFile } from './source-files.js';

/** A tree, and the Kbuild that is generated for it, if one is. */
type Snapshot = SourceTree & { method?: BuildMethod; apart?: readonly string[] };

/** One file's part of a project's digest: its name, content and mode. */
function hashEntry(path: string, mode: string, content: Uint8Array | string): string {
  const digest = createHash('sha256').update(content).digest('hex');
  return `${mode} ${digest} ${path}\n`;
}

const modeOf = (file: SourceFile): string =>
  file.link !== undefined ? 'link' : file.executable ? 'exec' : 'file';

/**
 * The files of a project that go into a build: without those in whose place a generated one comes, and
 * without those that no build reads. A test that is written anew does not build anything anew.
 */
function filesOf({ files, method, apart = [] }: Snapshot): SourceFile[] {
  const isGenerated = method?.kind === 'generated';
  return files.filter(
    ({ path }) => !apart.includes(path) && !(isGenerated && /^Kbuild(\/|$)/.test(path)),
  );
}

/** What was copied. */
export interface Staged {
  /** It differs from `projectDigest` if a file has changed. */
  digest: string;
  /** For each file, by its path in the project, a hash over its content and mode. */
  hashes: Map<string, string>;
}

/** The hash over a project's sources as they are on disk now, a generated Kbuild included. */
export function projectDigest(project: Snapshot): string {
  const hash = createHash('sha256');
  for (const file of filesOf(project)) {
    const content = file.link ?? readFileSync(join(project.directory, file.path));
    hash.update(hashEntry(file.path, modeOf(file), content));
  }
  for (const path of project.directories ?? []) hash.update(hashEntry(path, 'directory', ''));
  if (project.method?.kind === 'generated') {
    hash.update(hashEntry('Kbuild', 'file', project.method.kbuild));
  }
  return hash.digest('hex');
}

/**
 * Copies a project's sources into a new directory, readable by every user, a generated Kbuild
 * in place of the project's. Nothing is written through a link, whatever the sources hold.
 */
export async function stageProject(project: Snapshot, target: string): Promise<Staged> {
  const hash = createHash('sha256');
  const hashes = new Map<string, string>();
  const add = (path: string, mode: string, content: Uint8Array | string) => {
    const entry = hashEntry(path, mode, content);
    hash.update(entry);
    if (mode !== 'directory') hashes.set(path, entry.slice(0, -path.length - 2));
  };
  const made = new Set<string>();
  const ensure = async (directory: string) => {
    if (made.has(directory)) return;
    if (directory !== target) await ensure(dirname(directory));
    await mkdir(directory, { recursive: directory === target }); // never one that a link leads to
    await chmod(directory, 0o755); // whatever the umask
    made.add(directory);
  };
  await ensure(target);
  for (const file of filesOf(project)) {
    const destination = join(target, file.path);
    await ensure(dirname(destination));
    const content = file.link ?? (await readFile(join(project.directory, file.path)));
    add(file.path, modeOf(file), content);
    if (file.link !== undefined) await symlink(file.link, destination);
    else await write(destination, content, file.executable ? 0o755 : 0o644);
  }
  for (const path of project.directories ?? []) {
    await ensure(join(target, path));
    add(path, 'directory', '');
  }
  if (project.method?.kind === 'generated') {
    await write(join(target, 'Kbuild'), project.method.kbuild, 0o644);
    add('Kbuild', 'file', project.method.kbuild);
  }
  return { digest: hash.digest('hex'), hashes };
}

async function write(path: string, content: Uint8Array | string, mode: number): Promise<void> {
  await writeFile(path, content, { flag: 'wx' });
  await chmod(path, mode);
}
