import { resolve } from 'node:path';
import type FastGlob from 'fast-glob';
import { KbuildError } from '../errors/kbuild-error.js';
import { makefiles } from './build-method.js';
import { kernelRef, readConfig, type ProjectDefaults } from './load-project.js';

/** The projects of a workspace, and what it says for all of them. */
export interface Workspace {
  /** Absolute. */
  directories: string[];
  defaults: Omit<ProjectDefaults, 'excluded' | 'dkms'>;
  /** Set where nobody named the directories: they were found in one that was. */
  found?: true;
}

/**
 * The workspace that a directory's configuration describes, or undefined if it does not.
 * @throws KbuildError CONFIG_*, PROJECT_*
 */
export async function workspaceOf(directory: string): Promise<Workspace | undefined> {
  const found = await readConfig(directory);
  if (found === undefined || !('projects' in found.config)) return undefined;
  const { default: glob } = await import('fast-glob'); // seldom needed, and slow to load
  const { projects, kernels, archs, output = 'dist' } = found.config;
  const directories = glob
    .sync(projects, { cwd: directory, onlyDirectories: true })
    .map((path) => resolve(directory, path))
    .filter((path) => path !== resolve(directory, output) && looksLikeProject(path, glob));
  if (directories.length === 0) {
    throw new KbuildError(
      'PROJECT_NO_MODULES',
      `${found.file}: no directory that 'projects' names (${projects.join(', ')}) holds a project`,
      'A project has a Kbuild, a Makefile, a kbuild.config.yaml or kernel module sources.',
    );
  }
  const lost = projects.find(
    (path) => !glob.isDynamicPattern(path) && !directories.includes(resolve(directory, path)),
  );
  if (lost !== undefined) {
    throw new KbuildError(
      'PROJECT_NOT_FOUND',
      `${found.file}: 'projects' names ${lost}, which is no directory with a project`,
      'A project has a Kbuild, a Makefile, a kbuild.config.yaml or kernel module sources.',
    );
  }
  return {
    directories: [...new Set(directories)].sort(),
    defaults: {
      kernels: kernels?.map((ref) => kernelRef(directory, ref)),
      archs,
      output: resolve(directory, output),
    },
  };
}

function looksLikeProject(directory: string, glob: Pick<typeof FastGlob, 'sync'>): boolean {
  const signs = [...makefiles, 'kbuild.config.*', 'dkms.conf', '*.c'];
  return glob.sync(signs, { cwd: directory }).length > 0;
}
