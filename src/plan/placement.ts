import { basename, dirname, relative } from 'node:path';
import { KbuildError } from '../errors/kbuild-error.js';
import type { Project } from '../project/project.js';

/**
 * Where a project and those that it depends on lie in the build directory. A project on its own
 * is placed by its name, so that its modules do not depend on what its directory is called; with
 * dependencies, all lie to each other as they do on disk, so that `../other/include` works.
 * @throws KbuildError PROJECT_PATH
 */
export function placements(
  project: Project,
  dependencies: readonly Project[],
): Map<Project, string> {
  if (project.method.kind === 'dkms') return byDirectoryName([project, ...dependencies]);
  if (dependencies.length === 0) return new Map([[project, project.name]]);
  const all = [project, ...dependencies];
  const root = commonParent(all.map(({ directory }) => directory));
  return new Map(all.map((member) => [member, checked(relative(root, member.directory))]));
}

/**
 * As DKMS sources lie in /usr/src: side by side, each by the name of its directory. That may hold what
 * make or a mount reads as its own (`x-1.0~rc1`): here, where no make runs, others stand for these.
 */
function byDirectoryName(projects: readonly Project[]): Map<Project, string> {
  const taken = new Set<string>();
  return new Map(
    projects.map((project) => {
      const name = checked(basename(project.directory), /^[\w@+.:~-]+$/).replace(/^\.|[:~]/g, '_');
      let placement = name;
      for (let n = 2; taken.has(placement); n++) placement = `${name}.${n}`;
      taken.add(placement);
      return [project, placement];
    }),
  );
}

function commonParent(directories: readonly string[]): string {
  let parent = dirname(directories[0] ?? '/');
  while (!directories.every((d) => d.startsWith(parent === '/' ? '/' : `${parent}/`))) {
    parent = dirname(parent);
  }
  return parent;
}

function checked(path: string, allowed = /^[\w@+./-]+$/): string {
  if (allowed.test(path)) return path;
  throw new KbuildError(
    'PROJECT_PATH',
    `make cannot build in the directory '${path}': its name has a space or another character that make reads as its own`,
    "Rename the directory, or build the project without 'depends'.",
  );
}
