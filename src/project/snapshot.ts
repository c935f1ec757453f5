import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { chmod, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Project } from './project.js';

/** One file's part of a project's digest: its name, content and mode. */
function hashEntry(path: string, mode: string, content: Uint8Array | string): string {
  const digest = createHash('sha256').update(content).digest('hex');
  return `${mode} ${digest} ${path}\n`;
}

const modeOf = (file: Project['files'][number]): string =>
  file.link !== undefined ? 'link' : file.executable ? 'exec' : 'file';

/** The hash over a project's sources as they are on disk now, a generated Kbuild included. */
export function projectDigest(project: Project): string {
  const hash = createHash('sha256');
  for (const file of project.files) {
    const content = file.link ?? readFileSync(join(project.directory, file.path));
    hash.update(hashEntry(file.path, modeOf(file), content));
  }
  if (project.method.kind === 'generated') {
    hash.update(hashEntry('Kbuild', 'file', project.method.kbuild));
  }
  return hash.digest('hex');
}

/**
 * Copies a project's sources into a new directory, readable by every user, a generated Kbuild
 * in place of the project's.
 * @returns the digest of what was copied: it differs from `projectDigest` if a file has changed
 */
export async function stageProject(project: Project, target: string): Promise<string> {
  const hash = createHash('sha256');
  const made = new Set<string>();
  const ensure = async (directory: string) => {
    if (made.has(directory)) return;
    if (directory !== target) await ensure(dirname(directory));
    await mkdir(directory, { recursive: true });
    await chmod(directory, 0o755); // whatever the umask
    made.add(directory);
  };
  await ensure(target);
  for (const file of project.files) {
    const destination = join(target, file.path);
    await ensure(dirname(destination));
    const content = file.link ?? (await readFile(join(project.directory, file.path)));
    hash.update(hashEntry(file.path, modeOf(file), content));
    if (file.link !== undefined) await symlink(file.link, destination);
    else await write(destination, content, file.executable ? 0o755 : 0o644);
  }
  if (project.method.kind === 'generated') {
    await write(join(target, 'Kbuild'), project.method.kbuild, 0o644);
    hash.update(hashEntry('Kbuild', 'file', project.method.kbuild));
  }
  return hash.digest('hex');
}

async function write(path: string, content: Uint8Array | string, mode: number): Promise<void> {
  await writeFile(path, content);
  await chmod(path, mode);
}
