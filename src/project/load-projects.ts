import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { KbuildError } from '../errors/kbuild-error.js';
import { isDirectory } from '../kernel/kdir.js';
import { Archives, type ArchivesContext } from './archive/archives.js';
import { linkSources } from './dkms/link-sources.js';
import type { DkmsOptions } from './dkms/settings.js';
import { findConfig } from './find-config.js';
import { keepKeysOut } from './keep-keys-out.js';
import { loadProject, type ProjectDefaults } from './load-project.js';
import type { Project, Signing } from './project.js';
import { realPath } from './real-path.js';
import { sourcesOf } from './sources.js';
import type { Workspace } from './workspace.js';

export interface LoadedProjects {
  /** Each after those that it depends on. */
  projects: Project[];
  /** Those that were asked for; the others are there because one of these depends on them. */
  requested: ReadonlySet<Project>;
}

export interface LoadOptions {
  /** What the command line says for DKMS sources; `with` may name archives. */
  dkms?: DkmsOptions;
  /** Set where a path may be an archive: it is unpacked into this cache. */
  archives?: ArchivesContext;
  /** The output directory that the command line names; absolute. */
  output?: string;
  /** What the command line says modules are signed with. */
  signing?: Signing;
  /** Other files that no build may see, wherever they lie. */
  secrets?: readonly string[];
  /** Packages that the command line names: no archive gets others. */
  buildDeps?: readonly string[];
}

/**
 * Loads what paths stand for, and what that depends on. A path is a directory (one project, all of a
 * workspace, the DKMS sources in it) or an archive. A project that is named twice counts once.
 * Of several paths, and of an archive, all comes out in `dist` of the working directory.
 * @param paths absolute
 * @param excluded directories that are no sources, wherever they lie; absolute
 * @throws KbuildError PROJECT_*, CONFIG_*, SOURCE_ARCHIVE
 */
export async function loadProjects(
  paths: string | readonly string[],
  excluded: string[] = [],
  options: LoadOptions = {},
): Promise<LoadedProjects> {
  const roots = [...new Set([paths].flat())];
  const archives = new Archives(options.archives, options.buildDeps);
  const given = options.dkms ?? { directives: [], with: [] };
  const dkms = { ...given, with: await directoriesOf(given.with, archives) };
  const shared =
    roots.length > 1 || roots.some((path) => !isDirectory(path)) ? resolve('dist') : undefined;
  const sources: Workspace[] = [];
  for (const root of roots) sources.push(await sourcesOf(root, archives));
  const named = new Set(
    sources.flatMap(({ directories, found }) => (found ? [] : directories.map(realPath))),
  );
  const loaded = new Map<string, Project>();
  const add = async (
    path: string,
    trail: string[],
    defaults: ProjectDefaults,
    isTrusted: boolean,
  ): Promise<void> => {
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
        `${trail.at(-1) ?? 'the command line'} depends on ${path}, which is no directory`,
        "Mend 'depends' in its configuration.",
      );
    }
    await archives.check(path);
    const mayRun = isTrusted || named.has(realPath(path));
    if (!mayRun) refuseProgram(path);
    const project = await loadProject(path, defaults);
    const origin = archives.holding(path)?.origin;
    if (origin !== undefined) project.origin = origin;
    defaults.output ??= project.output; // dependencies come out beside what needs them
    const beside = new Set(project.dkms?.with.map(({ directory }) => directory));
    for (const dependency of project.depends) {
      await add(dependency, [...trail, path], defaults, mayRun && !beside.has(dependency));
    }
    loaded.set(path, project);
  };
  const asked = new Map<string, string>(); // as they are, however they are named
  for (const { directories, defaults } of sources) {
    const own = {
      ...defaults,
      ...(shared !== undefined && { output: shared }),
      out: options.output,
      excluded,
      dkms,
      ...(options.signing !== undefined && { signing: options.signing }),
    };
    for (const path of directories) {
      if (asked.has(realPath(path))) continue;
      asked.set(realPath(path), path);
      await add(path, [], own, false);
    }
  }
  const projects = linkSources([...loaded.values()]);
  keepKeysOut(projects, options.secrets);
  const requested = new Set([...asked.values()].flatMap((path) => loaded.get(path) ?? []));
  return { projects, requested };
}

async function directoriesOf(paths: readonly string[], archives: Archives): Promise<string[]> {
  const directories: string[] = [];
  for (const path of paths) {
    // What is not there is refused where it is used, with what needs it.
    if (isDirectory(path) || !existsSync(path)) directories.push(path);
    else directories.push(...(await archives.open(path)));
  }
  return directories;
}

/**
 * A configuration that is a program runs on this machine: only for a directory that somebody named,
 * or that such a one depends on.
 * @throws KbuildError CONFIG_INVALID
 */
function refuseProgram(directory: string): void {
  const file = findConfig(directory);
  if (file === undefined || /\.(ya?ml|json)$/.test(file)) return;
  throw new KbuildError(
    'CONFIG_INVALID',
    `${file} is a program, and is not run for a directory that was only found in another one, or that stands beside a source (--with)`,
    `Name the directory itself to have it run: kbuild-ts build ${directory}`,
  );
}
