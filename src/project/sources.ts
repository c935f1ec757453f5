import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { KbuildError } from '../errors/kbuild-error.js';
import { isDirectory } from '../kernel/kdir.js';
import type { Archives } from './archive/archives.js';
import { findConfig } from './find-config.js';
import { directoriesIn, hasDkmsConf, speaksOfModules } from './project-signs.js';
import { workspaceOf, type Workspace } from './workspace.js';

/**
 * The projects that a path stands for: those of a workspace, of an archive, the DKMS sources that
 * lie in a directory which is no project itself, else that directory; and what is said for all of
 * them.
 * @param path absolute
 * @throws KbuildError PROJECT_NOT_FOUND, SOURCE_ARCHIVE, CONFIG_*
 */
export async function sourcesOf(path: string, archives: Archives): Promise<Workspace> {
  if (isDirectory(path)) return sourcesIn(path, archives);
  if (!existsSync(path)) {
    throw new KbuildError(
      'PROJECT_NOT_FOUND',
      `there is no directory ${path}`,
      'Name the directory that holds the module, or run kbuild-ts in it.',
    );
  }
  const directories: string[] = [];
  for (const place of await archives.open(path)) {
    // An archive does not say for which kernels all of its projects are.
    directories.push(...(await sourcesIn(place, archives)).directories);
  }
  return { directories, defaults: {} };
}

async function sourcesIn(directory: string, archives: Archives): Promise<Workspace> {
  await archives.check(directory);
  const workspace = await workspaceOf(directory);
  if (workspace !== undefined) {
    await archives.checkReach(directory, workspace.directories);
    return workspace;
  }
  const own = findConfig(directory) !== undefined || hasDkmsConf(directory);
  const children = own || speaksOfModules(directory) ? [] : dkmsSourcesIn(directory);
  if (children.length === 0) return { directories: [directory], defaults: {} };
  return { directories: children, defaults: { output: join(directory, 'dist') }, found: true };
}

/** The DKMS sources directly in a directory, else those of a Debian package unpacked there. */
function dkmsSourcesIn(directory: string): string[] {
  for (const parent of [directory, join(directory, 'usr/src')]) {
    const sources = directoriesIn(parent)
      .map((name) => join(parent, name))
      .filter(hasDkmsConf);
    if (sources.length > 0) return sources;
  }
  return [];
}
