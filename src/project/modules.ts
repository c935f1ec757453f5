import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import glob from 'fast-glob';
import { KbuildError } from '../errors/kbuild-error.js';
import { nearest } from '../errors/nearest.js';
import type { ProjectConfig } from './config-schema.js';
import type { ModuleSources } from './generate.js';
import type { SourceFile } from './source-files.js';

const isSource = (path: string): boolean => /\.[cS]$/.test(path);

function sourceResolver(
  directory: string,
  files: readonly SourceFile[],
): (pattern: string) => string[] {
  const paths = files.map(({ path }) => path);
  const known = new Set(paths);
  const matching = (pattern: string, cwd: string) =>
    glob
      .sync(pattern, { cwd })
      .filter((path) => isSource(path) && known.has(path))
      .sort();
  return (pattern) => {
    const path = pattern.replace(/^(\.\/)+/, '');
    const found =
      known.has(path) || !glob.isDynamicPattern(path) ? [path] : matching(path, directory);
    const other = found.find((name) => known.has(name) && !/\.[cSo]$/.test(name));
    if (other !== undefined) throw noSource(other);
    const missing = found.length === 0 || found.some((name) => !known.has(name));
    if (!missing) return found;
    const near = nearest(path, paths.filter(isSource));
    throw new KbuildError(
      'CONFIG_SOURCE_MISSING',
      `${directory} has no source that '${pattern}' names`,
      near === undefined
        ? 'Sources are files or globs inside the project, relative to its configuration.'
        : `Did you mean '${near}'?`,
    );
  };
}

/**
 * The modules of a description, their globs resolved to files.
 * @throws KbuildError CONFIG_SOURCE_MISSING
 */
export function configuredModules(
  config: ProjectConfig,
  directory: string,
  files: readonly SourceFile[],
): ModuleSources[] {
  const resolve = sourceResolver(directory, files);
  configuredFileFlags(config, directory, files);
  return (config.modules ?? []).flatMap(({ name, sources, cflags }) =>
    sources === undefined
      ? []
      : [{ name, sources: [...new Set(sources.flatMap(resolve))], cflags: cflags ?? [] }],
  );
}

/** The flags of single files, by the files that their names and globs mean. */
export function configuredFileFlags(
  { fileFlags = {} }: ProjectConfig,
  directory: string,
  files: readonly SourceFile[],
): Record<string, string[]> {
  const resolve = sourceResolver(directory, files);
  const flags = new Map<string, string[]>();
  for (const [pattern, own] of Object.entries(fileFlags)) {
    for (const path of resolve(pattern)) flags.set(path, [...(flags.get(path) ?? []), ...own]);
  }
  return Object.fromEntries(flags);
}

function noSource(path: string): KbuildError {
  return new KbuildError(
    'CONFIG_SOURCE_NAME',
    `'${path}' is no source that is compiled: it does not end in .c or .S`,
    'Headers need not be listed.',
  );
}

/**
 * The modules of a directory that has sources and nothing that describes them: every file that
 * says MODULE_LICENSE is a module; one alone takes the other sources with it.
 * @throws KbuildError PROJECT_NO_MODULES, PROJECT_AMBIGUOUS
 */
export function inferredModules(
  name: string,
  directory: string,
  files: readonly SourceFile[],
): ModuleSources[] {
  const sources = files.map(({ path }) => path).filter(isSource);
  const mains = sources.filter((path) =>
    /^\s*MODULE_LICENSE\s*\(/m.test(readFileSync(join(directory, path), 'utf8')),
  );
  const [main] = mains;
  if (main === undefined) {
    throw new KbuildError(
      'PROJECT_NO_MODULES',
      `${directory} has no kernel module: no Kbuild, no Makefile, no kbuild.config.yaml, and ${sources.length === 0 ? 'no C source' : `no MODULE_LICENSE in its ${sources.length} source files`}`,
      'Name the directory that has the module, or describe it in a kbuild.config.yaml (docs/configuration.md).',
    );
  }
  const stem = (path: string) => path.replace(/^.*\//, '').replace(/\.[cS]$/, '');
  if (mains.length === sources.length) {
    return mains.map((path) => ({ name: stem(path), sources: [path], cflags: [] }));
  }
  if (mains.length === 1) {
    const own = name.replaceAll(/[^A-Za-z0-9_-]/g, '_');
    const taken = sources.some((path) => path === `${own}.c` || path === `${own}.S`);
    return [{ name: taken ? `${own}_module` : own, sources, cflags: [] }];
  }
  throw new KbuildError(
    'PROJECT_AMBIGUOUS',
    `${directory} has ${mains.length} modules (${mains.join(', ')}) and other sources that may belong to any of them`,
    'Say which in a kbuild.config.yaml: modules: [{name: …, sources: […]}, …] (docs/configuration.md).',
  );
}
