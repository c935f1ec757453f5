import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { KbuildError } from '../errors/kbuild-error.js';
import { readSmallText } from '../storage/read-small-text.js';
import type { ProjectConfig } from './config-schema.js';
import type { ModuleSources } from './generate.js';
import { generatedMark } from './generated-mark.js';
import type { BuildMethod } from './project.js';
import type { SourceFile } from './source-files.js';

/** In the order in which Kbuild and make look for them. */
export const makefiles = ['Kbuild', 'GNUmakefile', 'makefile', 'Makefile'];

/**
 * How a project's modules come out of its sources, and which are expected: by its own Kbuild or
 * Makefile, else by a Kbuild that is generated from its description, or from what its sources say.
 * @throws KbuildError CONFIG_*, PROJECT_*
 */
export async function methodOf(
  directory: string,
  name: string,
  config: ProjectConfig | undefined,
  files: readonly SourceFile[],
): Promise<{ method: BuildMethod; expected: string[] }> {
  const own = ownMethod(directory);
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
  const [{ generateMakefiles }, { configuredFileFlags, configuredModules, inferredModules }] =
    await Promise.all([import('./generate.js'), import('./modules.js')]);
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

/** How a project's own Kbuild or Makefile is run, or undefined if it has none (or only ours). */
function ownMethod(directory: string): { file: string; method: BuildMethod } | undefined {
  for (const file of makefiles) {
    const path = join(directory, file);
    if (!existsSync(path)) continue;
    const text = readSmallText(path, 'CONFIG_INVALID');
    if (text.startsWith(generatedMark)) continue;
    // A Makefile that says obj-m is one that Kbuild can read, whatever else it does.
    const kbuild =
      file === 'Kbuild' || /^[ \t]*(obj-(m|y|\$[({])|include[ \t].*Kbuild)/m.test(text);
    return { file, method: { kind: kbuild ? 'kbuild' : 'make' } };
  }
  return undefined;
}
