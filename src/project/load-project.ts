import { existsSync, readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import glob from 'fast-glob';
import { KbuildError } from '../errors/kbuild-error.js';
import type { ProjectConfig } from './config-schema.js';
import { isDirectory } from '../kernel/kdir.js';
import { findConfig } from './find-config.js';
import type { ModuleSources } from './generate.js';
import type { BuildMethod, Project } from './project.js';
import { listSourceFiles, type SourceFile } from './source-files.js';

/** A kernel reference, archs and output that a workspace gives to its projects. */
interface Defaults {
  kernels?: string[] | undefined;
  archs?: string[] | undefined;
  /** Absolute. */
  output?: string | undefined;
}

export interface LoadedProjects {
  /** Each after those that it depends on. */
  projects: Project[];
  /** Those that were asked for; the others are there because one of these depends on them. */
  requested: ReadonlySet<Project>;
}

/**
 * Loads what a directory holds: one project, or all of a workspace, and what they depend on.
 * @param directory absolute
 * @throws KbuildError PROJECT_*, CONFIG_*
 */
export async function loadProjects(directory: string): Promise<LoadedProjects> {
  if (!isDirectory(directory)) {
    throw new KbuildError(
      'PROJECT_NOT_FOUND',
      `there is no directory ${directory}`,
      'Name the directory that holds the module, or run kbuild-ts in it.',
    );
  }
  const { directories, defaults } = (await workspaceOf(directory)) ?? {
    directories: [directory],
    defaults: {},
  };
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
  const keys = new Set([...loaded.values()].flatMap(({ signing }) => signing?.key ?? []));
  for (const project of loaded.values()) {
    project.files = project.files.filter(({ path }) => !keys.has(join(project.directory, path)));
  }
  const requested = new Set(directories.flatMap((path) => loaded.get(path) ?? []));
  return { projects: [...loaded.values()], requested };
}

async function configOf(directory: string) {
  const file = findConfig(directory);
  if (file === undefined) return undefined;
  // Loaded only where there is a configuration: the validator is the heaviest thing on the way.
  const { loadConfig } = await import('./load-config.js');
  return { file, config: await loadConfig(file) };
}

async function workspaceOf(
  directory: string,
): Promise<{ directories: string[]; defaults: Defaults } | undefined> {
  const found = await configOf(directory);
  if (found === undefined || !('projects' in found.config)) return undefined;
  const { projects, kernels, archs, output = 'dist' } = found.config;
  const directories = glob
    .sync(projects, { cwd: directory, onlyDirectories: true })
    .map((path) => resolve(directory, path))
    .filter((path) => path !== resolve(directory, output) && looksLikeProject(path));
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

function looksLikeProject(directory: string): boolean {
  const signs = [...makefiles, 'kbuild.config.*', '*.c'];
  return glob.sync(signs, { cwd: directory }).length > 0;
}

async function loadProject(directory: string, defaults: Defaults): Promise<Project> {
  const found = await configOf(directory);
  if (found !== undefined && 'projects' in found.config) {
    throw new KbuildError(
      'CONFIG_INVALID',
      `${found.file}: a workspace cannot be a project of another workspace, nor a dependency`,
      "Name its projects' directories instead.",
    );
  }
  const config = found?.config as ProjectConfig | undefined;
  const own = resolve(directory, config?.output ?? 'dist');
  const output = defaults.output ?? own;
  const files = listSourceFiles(directory, output, own);
  const name = config?.name ?? projectName(directory);
  const { method, expected } = await methodOf(directory, name, config, files);
  const { version, license, signing } = config ?? {};
  return {
    name,
    ...(version !== undefined && { version }),
    ...(license !== undefined && { license }),
    directory,
    method,
    files,
    expected,
    depends: (config?.depends ?? []).map((path) => resolve(directory, path)),
    make: config?.make ?? {},
    kernels: config?.kernels?.map((ref) => kernelRef(directory, ref)) ?? defaults.kernels ?? [],
    archs: config?.archs ?? defaults.archs ?? [],
    toolchains: config?.toolchains ?? [],
    output,
    ...(signing !== undefined && {
      signing: {
        key: resolve(directory, signing.key),
        cert: resolve(directory, signing.cert),
        ...(signing.hash !== undefined && { hash: signing.hash }),
      },
    }),
  };
}

/** A KDIR path in a configuration is relative to the configuration. */
function kernelRef(directory: string, ref: string): string {
  return ref.startsWith('.') ? resolve(directory, ref) : ref;
}

/** A name for a project that gives none: its directory's, in the characters that names have. */
function projectName(directory: string): string {
  const name = basename(directory)
    .normalize('NFKD')
    .replaceAll(/[^A-Za-z0-9._+-]+/g, '_');
  return /^[A-Za-z0-9]/.test(name) ? name : `module${name === '_' ? '' : name}`;
}

async function methodOf(
  directory: string,
  name: string,
  config: ProjectConfig | undefined,
  files: readonly SourceFile[],
): Promise<{ method: BuildMethod; expected: string[] }> {
  const { generateMakefiles, generatedMark } = await import('./generate.js');
  const { configuredFileFlags, configuredModules, inferredModules } = await import('./modules.js');
  const own = ownMethod(directory, generatedMark);
  if (own !== undefined) {
    const idle = descriptionKeys(config);
    if (idle.length > 0) {
      throw new KbuildError(
        'CONFIG_MODULE_CONFLICT',
        `${directory} has a ${own.file} of its own, and its configuration describes how to build (${idle.join(', ')}): only one can say what is built`,
        `Remove ${own.file}, or take these keys out of the configuration and keep the names of the modules: then they are expected of ${own.file}.`,
      );
    }
    return { method: own.method, expected: (config?.modules ?? []).map((module) => module.name) };
  }
  let modules: ModuleSources[];
  if (config?.modules === undefined) modules = inferredModules(name, directory, files);
  else modules = configuredModules(config, directory, files);
  const bare = (config?.modules ?? []).find(({ sources }) => sources === undefined);
  if (bare !== undefined) {
    throw new KbuildError(
      'CONFIG_SOURCE_MISSING',
      `module '${bare.name}' has no sources, and ${directory} has no Kbuild or Makefile that would know them`,
      `Add 'sources: [${bare.name}.c]' to it.`,
    );
  }
  const fileFlags = configuredFileFlags(config ?? { name }, directory, files);
  const generated = generateMakefiles({ ...(config ?? { name }), fileFlags }, modules);
  const expected = modules.map((module) => module.name);
  return { method: { kind: 'generated', ...generated }, expected };
}

/** The keys of a configuration that only a generated Kbuild heeds. */
function descriptionKeys(config: ProjectConfig | undefined): string[] {
  const { modules = [], includes, ccflags, fileFlags } = config ?? {};
  return Object.entries({
    sources: modules.find(({ sources }) => sources),
    cflags: modules.find(({ cflags }) => cflags),
    includes,
    ccflags,
    fileFlags,
  })
    .filter(([, value]) => value !== undefined)
    .map(([key]) => key);
}

/** In the order in which Kbuild and make look for them. */
const makefiles = ['Kbuild', 'GNUmakefile', 'makefile', 'Makefile'];

/** How a project's own Kbuild or Makefile is run, or undefined if it has none (or only ours). */
function ownMethod(
  directory: string,
  mark: string,
): { file: string; method: BuildMethod } | undefined {
  for (const file of makefiles) {
    const path = join(directory, file);
    if (!existsSync(path)) continue;
    const text = readFileSync(path, 'utf8');
    if (text.startsWith(mark)) continue;
    // A Makefile that says obj-m is one that Kbuild can read, whatever else it does.
    const kbuild = file === 'Kbuild' || /^\s*(obj-(m|y|\$[({])|include\s.*Kbuild)/m.test(text);
    return { file, method: { kind: kbuild ? 'kbuild' : 'make' } };
  }
  return undefined;
}
