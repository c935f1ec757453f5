import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { KbuildError } from '../errors/kbuild-error.js';
import { isDirectory } from '../kernel/kdir.js';
import { loadProject, type ProjectDefaults } from './load-project.js';
import type { Project } from './project.js';
import { workspaceOf } from './workspace.js';

export interface LoadedProjects {
  /** Each after those that it depends on. */
  projects: Project[];
  /** Those that were asked for; the others are there because one of these depends on them. */
  requested: ReadonlySet<Project>;
}

/**
 * Loads what a directory holds: one project, or all of a workspace, and what they depend on.
 * @param directory absolute
 * @param excluded directories that are no sources, wherever they lie; absolute
 * @throws KbuildError PROJECT_*, CONFIG_*
 */
export async function loadProjects(
  directory: string,
  excluded: string[] = [],
): Promise<LoadedProjects> {
  if (!isDirectory(directory)) {
    throw new KbuildError(
      'PROJECT_NOT_FOUND',
      `there is no directory ${directory}`,
      'Name the directory that holds the module, or run kbuild-ts in it.',
    );
  }
  const workspace = await workspaceOf(directory);
  const directories = workspace?.directories ?? [directory];
  const defaults: ProjectDefaults = { ...workspace?.defaults, excluded };
  const loaded = new Map<string, Project>();
  const add = async (path: string, trail: string[]): Promise<void> => {
    if (trail.includes(path)) {
      throw new KbuildError(
        'CONFIG_DEPENDENCY_CYCLE',
        `projects depend on each other in a circle: ${[...trail.slice(trail.indexOf(path)), path].join(' → ')}`,
        "Take one of these out of 'depends'; modules that need each other belong into one project.",
      );
    }
    if (loaded.has(path)) return;
    if (!isDirectory(path)) {
      throw new KbuildError(
        'PROJECT_NOT_FOUND',
        `${trail.at(-1) ?? directory} depends on ${path}, which is no directory`,
        "Mend 'depends' in its configuration.",
      );
    }
    const project = await loadProject(path, defaults);
    defaults.output ??= project.output; // dependencies come out beside what needs them
    for (const dependency of project.depends) await add(dependency, [...trail, path]);
    loaded.set(path, project);
  };
  for (const path of directories) await add(path, []);
  // A signing key that lies among the sources must not get into a build.
  const keys = new Set(
    [...loaded.values()].flatMap(({ signing }) => (signing === undefined ? [] : real(signing.key))),
  );
  for (const project of loaded.values()) {
    project.files = project.files.filter(
      ({ path }) => keys.size === 0 || !keys.has(real(join(project.directory, path))),
    );
  }
  const requested = new Set(directories.flatMap((path) => loaded.get(path) ?? []));
  return { projects: [...loaded.values()], requested };
}

/** A path with all links followed, or as it is where it leads nowhere. */
function real(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
