import { renderTemplate } from '../data/template.js';
import { KbuildError } from '../errors/kbuild-error.js';
import type { ProjectConfig } from './config-schema.js';
import { generatedMark } from './generated-mark.js';

/** A module with its sources resolved to files. */
export interface ModuleSources {
  name: string;
  /** Relative to the project's directory; .c or .S. */
  sources: string[];
  cflags: string[];
}

type Description = Pick<ProjectConfig, 'name' | 'includes' | 'ccflags' | 'fileFlags' | 'depends'>;

/**
 * Renders the Kbuild and the out-of-tree Makefile of a description, from `templates/`.
 * @throws KbuildError CONFIG_SOURCE_NAME, CONFIG_MODULE_CONFLICT
 */
export function generateMakefiles(
  config: Description,
  modules: readonly ModuleSources[],
): { kbuild: string; makefile: string } {
  for (const module of modules) checkModule(module);
  checkObjects(modules);
  const data = {
    mark: generatedMark,
    name: config.name,
    includes: (config.includes ?? []).map(checkedInclude),
    ccflags: anchored(config.ccflags ?? []).map(escaped),
    depends: (config.depends ?? []).map(checkedPath),
    modules: modules.map((module) => ({ name: module.name, objects: objectsOf(module) })),
    flags: objectFlags(config, modules),
    headline: modules.map(({ name }) => `${name}.ko`).join(', '),
  };
  return {
    kbuild: renderTemplate('Kbuild.eta', data),
    makefile: renderTemplate('Makefile.eta', data),
  };
}

const objectOf = (source: string): string => source.replace(/\.[cS]$/, '.o');

/** The objects that a module is linked of; none if its only source has its own name. */
function objectsOf({ name, sources }: ModuleSources): string[] {
  const objects = sources.map(objectOf);
  return objects.length === 1 && objects[0] === `${name}.o` ? [] : objects;
}

/** CFLAGS_<object> and AFLAGS_<object> lines: a module's flags and a file's own, in that order. */
function objectFlags(
  { fileFlags = {} }: Description,
  modules: readonly ModuleSources[],
): { variable: string; flags: string[] }[] {
  const bySource = new Map<string, string[]>();
  for (const { sources, cflags } of modules) {
    for (const source of sources) {
      const flags = [...(bySource.get(source) ?? []), ...cflags];
      if (flags.length > 0) bySource.set(source, flags);
    }
  }
  for (const [source, flags] of Object.entries(fileFlags)) {
    bySource.set(source, [...(bySource.get(source) ?? []), ...flags]);
  }
  return [...bySource].map(([source, flags]) => ({
    variable: `${source.endsWith('.S') ? 'AFLAGS' : 'CFLAGS'}_${objectOf(source)}`,
    flags: anchored(flags).map(escaped),
  }));
}

function checkModule({ name, sources }: ModuleSources): void {
  for (const source of sources) checkedPath(source);
  if (sources.length > 1 && sources.some((source) => objectOf(source) === `${name}.o`)) {
    throw new KbuildError(
      'CONFIG_MODULE_CONFLICT',
      `module '${name}' is linked of several sources, and one of them is ${name}.c: Kbuild would make ${name}.o of both`,
      `Rename the source (for example to ${name}_main.c) or the module.`,
    );
  }
}

/** Every name that Kbuild makes an object by may stand for one thing only. */
function checkObjects(modules: readonly ModuleSources[]): void {
  const linked = new Map<string, string>();
  for (const { name } of modules) {
    const known = linked.get(name.replaceAll('-', '_'));
    if (known !== undefined) {
      throw new KbuildError(
        'CONFIG_MODULE_CONFLICT',
        `there are two modules '${known}' and '${name}', which are one to the kernel`,
        'Give them names that differ in more than - and _.',
      );
    }
    linked.set(name.replaceAll('-', '_'), name);
  }
  const compositeNames = new Set(
    modules.filter((module) => objectsOf(module).length > 0).map(({ name }) => `${name}.o`),
  );
  const sourceOf = new Map<string, string>();
  for (const source of modules.flatMap(({ sources }) => sources)) {
    const object = objectOf(source);
    const other = sourceOf.get(object);
    if (compositeNames.has(object) || (other !== undefined && other !== source)) {
      const what =
        other !== undefined && other !== source
          ? `of ${other} and ${source}`
          : `of ${source} and of a module's objects`;
      throw new KbuildError(
        'CONFIG_MODULE_CONFLICT',
        `Kbuild would make ${object} twice: ${what}`,
        'Rename a source or a module.',
      );
    }
    sourceOf.set(object, source);
  }
}

/** Options that name a directory, as one word with it or as two. */
const directoryOptions = ['-I', '-iquote', '-isystem', '-idirafter'];

/**
 * Flags with the directories in them anchored in the project. The compiler would seek a relative
 * one in its working directory, which is the KDIR before Linux 6.13 and the project's since.
 */
function anchored(flags: readonly string[]): string[] {
  const anchor = (path: string) => path.replace(/^\s*(?=[\w.])/, (blanks) => `${blanks}$(src)/`);
  return flags.map((flag, i) => {
    if (directoryOptions.includes(flags[i - 1] ?? '')) return anchor(flag);
    const option = directoryOptions.find((o) => flag.startsWith(o));
    return option === undefined ? flag : option + anchor(flag.slice(option.length));
  });
}

/** A flag as make reads it: a # would begin a comment. */
const escaped = (flag: string): string => flag.replaceAll(/(?<!\\)#/g, '\\#');

/** Characters that make, or a shell that Kbuild calls, would take for something else. */
const unsafe = /[\s'"`$#:%\\=;&|<>*?[\](){}!~]/u;

/** `$(src)/` goes before it. */
function checkedInclude(path: string): string {
  if (!path.startsWith('/')) return checkedPath(path);
  throw new KbuildError(
    'CONFIG_SOURCE_NAME',
    `the include directory ${path} is absolute: it does not exist where modules are built`,
    "Name one in the project, or in one that it depends on ('../other/include').",
  );
}

function checkedPath(path: string): string {
  const [character] = unsafe.exec(path) ?? [];
  if (character === undefined) return path;
  throw new KbuildError(
    'CONFIG_SOURCE_NAME',
    `make cannot name the file '${path}': it contains ${character === ' ' ? 'a space' : `'${character}'`}`,
    'Rename the file. Files that are not compiled may have any name.',
  );
}
