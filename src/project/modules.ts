import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import glob from 'fast-glob';
import { KbuildError } from '../errors/kbuild-error.js';
import { nearest } from '../errors/nearest.js';
import type { ProjectConfig } from './config-schema.js';
import type { ModuleSources } from './generate.js';
import type { SourceFile } from './source-files.js';

const isSource = (path: string): boolean => /\.[cS]$/.test(path);

/**
 * The modules of a description, their globs resolved to files.
 * @throws KbuildError CONFIG_SOURCE_MISSING
 */
export function configuredModules(
  config: ProjectConfig,
  directory: string,
  files: readonly SourceFile[],
): ModuleSources[] {
  const paths = files.map(({ path }) => path);
  const known = new Set(paths);
  const resolve = (pattern: string): string[] => {
    const path = pattern.replace(/^(\.\/)+/, '');
    const found =
      known.has(path) || !glob.isDynamicPattern(path) ? [path] : matching(path, directory);
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
  const matching = (pattern: string, cwd: string) =>
    glob
      .sync(pattern, { cwd })
      .filter((path) => isSource(path) && known.has(path))
      .sort();
  for (const source of Object.keys(config.fileFlags ?? {})) resolve(source);
  return (config.modules ?? []).flatMap(({ name, sources, cflags }) =>
    sources === undefined
      ? []
      : [{ name, sources: [...new Set(sources.flatMap(resolve))], cflags: cflags ?? [] }],
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
    const taken = sources.some((path) => path === `${name}.c` || path === `${name}.S`);
    return [{ name: taken ? `${name}_module` : name, sources, cflags: [] }];
  }
  throw new KbuildError(
    'PROJECT_AMBIGUOUS',
    `${directory} has ${mains.length} modules (${mains.join(', ')}) and other sources that may belong to any of them`,
    'Say which in a kbuild.config.yaml: modules: [{name: …, sources: […]}, …] (docs/configuration.md).',
  );
}
