import { existsSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Document, LineCounter } from 'yaml';
import { KbuildError } from '../../../errors/kbuild-error.js';

/** A kernel that is made of its source. All paths are absolute. */
export interface SourceDescription {
  /** The tarball, the git tree or the plain directory. */
  source: string;
  /** Of a git tree: what is exported; default: its files as they are, changes included. */
  revision?: string;
  /** Name of the arch; default: whichever is asked for. */
  arch?: string;
  toolchain?: string;
  /** What `.config` begins as: what a target of make gives, or a file. */
  config: { target: string } | { file: string };
  /** Files that are merged into it, in order. */
  fragments: string[];
  /** The last fragment: values by symbols, `CONFIG_` included, as `.config` has them. */
  set: Record<string, string>;
  /** CONFIG_LOCALVERSION: what the release ends with. */
  localversion?: string;
  /** Files that are put into the source, by their paths in it. */
  files: Record<string, string>;
  /** More variables for the make line. */
  make: Record<string, string>;
  /** `kernel`: all of it. `prepare`: `make modules_prepare` only, which gives no Module.symvers. */
  build: 'kernel' | 'prepare';
}

/** What a description stands in, to resolve its paths and to point into. */
export interface DescriptionPlace {
  /** What relative paths are relative to. */
  directory: string;
  /** The file, or what else messages name it by. */
  name: string;
  document?: Document;
  lines?: LineCounter;
}

/** Config targets whose result depends on nothing but the source; all else is a file's name. */
const targets = /^(?:[\w.+-]*_)?defconfig$|^(?:tiny|allno|allyes|allmod|alldef)config$/;

/** Whether a target of make takes what is not said otherwise from one rule (KCONFIG_ALLCONFIG). */
export const takesAllConfig = (target: string): boolean => /^all\w+config$/.test(target);

/**
 * Reads what `--kernel source:<file>` names: a description (YAML or JSON), or directly a tarball, a
 * directory or a git tree (also `<path>#<revision>`), of which the arch's defconfig is built.
 * @throws KbuildError KERNEL_SOURCE_INVALID
 */
export async function readDescription(file: string): Promise<SourceDescription> {
  const isFile = statSync(file, { throwIfNoEntry: false })?.isFile() ?? false;
  if (isFile && /\.(?:ya?ml|json)$/.test(file)) {
    const { parseDescription } = await import('./parse-description.js');
    const { value, ...place } = parseDescription(file);
    return describeSource(value, place);
  }
  return describeSource({ source: file }, { directory: dirname(file), name: `source:${file}` });
}

/**
 * Checks a description, and makes its paths absolute.
 * @throws KbuildError KERNEL_SOURCE_INVALID
 */
export async function describeSource(
  value: unknown,
  place: DescriptionPlace,
): Promise<SourceDescription> {
  const { validate } = await import('./description-schema.js'); // zod takes a while to load
  const given = validate(value, place);
  const at = (path: string): string => resolve(place.directory, path);
  const [source, revision] = splitRevision(at(given.source));
  const config = given.config ?? 'defconfig';
  const set = Object.entries(given.set ?? {}).map(([name, wanted]) => [
    name.replace(/^(?:CONFIG_)?/, 'CONFIG_'),
    configValue(wanted),
  ]);
  const description: SourceDescription = {
    source,
    ...(revision !== undefined && { revision }),
    ...(given.arch !== undefined && { arch: given.arch }),
    ...(given.toolchain !== undefined && { toolchain: given.toolchain }),
    config: targets.test(config) ? { target: config } : { file: at(config) },
    fragments: (given.fragments ?? []).map(at),
    set: Object.fromEntries(set) as Record<string, string>,
    ...(given.localversion !== undefined && { localversion: given.localversion }),
    files: Object.fromEntries(
      Object.entries(given.files ?? {}).map(([target, path]) => [target, at(path)]),
    ),
    make: Object.fromEntries(
      Object.entries(given.make ?? {}).map(([variable, text]) => [variable, String(text)]),
    ),
    build: given.build ?? 'kernel',
  };
  refuseMissing(description, place);
  return description;
}

/** `<path>#<revision>`, unless there is something of that whole name. */
function splitRevision(source: string): [path: string, revision?: string] {
  const at = source.lastIndexOf('#');
  if (at < 0 || existsSync(source)) return [source];
  return [source.slice(0, at), source.slice(at + 1)];
}

/** A value as `.config` has it: numbers and y, m, n bare, anything else in quotes. */
function configValue(value: string | number | boolean): string {
  const text = String(value);
  if (text === 'true') return 'y';
  if (text === 'false') return 'n';
  if (/^(?:[ymn]|-?\d+|0[xX][\da-fA-F]+|"(?:[^"\\]|\\.)*")$/.test(text)) return text;
  return `"${text.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
}

function refuseMissing(description: SourceDescription, { name }: DescriptionPlace): void {
  const { source, config, fragments, files } = description;
  const isFile = (path: string) => statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
  if (!existsSync(source)) {
    throw invalid(
      `${name}: source: there is no ${source}`,
      'Name a tarball, a git tree (<path> or <path>#<revision>) or a directory; relative paths begin at the directory of the description.',
    );
  }
  if ('file' in config && !isFile(config.file)) {
    throw invalid(
      `${name}: config: there is no file ${config.file}`,
      'Name a file, or one of the targets <name>_defconfig, defconfig, tinyconfig, allnoconfig, allyesconfig, allmodconfig, alldefconfig.',
    );
  }
  for (const [key, path] of [
    ...fragments.map((path) => ['fragments', path] as const),
    ...Object.entries(files).map(([target, path]) => [`files.${target}`, path] as const),
  ]) {
    if (isFile(path)) continue;
    throw invalid(
      `${name}: ${key}: there is no file ${path}`,
      'Relative paths begin at the directory of the description.',
    );
  }
}

export const invalid = (message: string, hint: string): KbuildError =>
  new KbuildError('KERNEL_SOURCE_INVALID', message, hint);
