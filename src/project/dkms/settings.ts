import { basename, join, resolve } from 'node:path';
import { existsSync } from 'node:fs';
import { KbuildError } from '../../errors/kbuild-error.js';
import { isDirectory } from '../../kernel/kdir.js';
import type { ProjectConfig } from '../config-schema.js';
import type { DkmsSettings, SourceTree, WithTree } from '../project.js';
import { isOurOutput, listSourceFiles, listSources } from '../source-files.js';
import { confName, type ConfText } from './conf-text.js';

/** What the command line says for all DKMS sources of a run; paths are absolute. */
export interface DkmsOptions {
  /** `NAME=value`. */
  directives: string[];
  overlay?: string;
  with: string[];
}

/**
 * What is given to a DKMS source besides its files: by its configuration, then by the command line.
 * @param directory the project's
 * @param excluded directories that are no sources, wherever they lie; absolute
 * @throws KbuildError PROJECT_NOT_FOUND, PROJECT_PATH
 */
export function dkmsSettings(
  directory: string,
  config: ProjectConfig['dkms'],
  options: DkmsOptions,
  excluded: readonly string[] = [],
): DkmsSettings {
  const named = Object.entries(config?.directives ?? {}).map(([name, value]) => `${name}=${value}`);
  const overlay = options.overlay ?? (config?.overlay && resolve(directory, config.overlay));
  const trees = [
    ...(config?.with ?? []).map((path) => resolve(directory, path)),
    ...options.with,
  ].filter((path) => path !== directory);
  return {
    directives: [...named, ...options.directives],
    ...(overlay !== undefined && { overlay: overlayTree(overlay) }),
    with: [...new Set(trees)].map((tree) => withTree(tree, excluded)),
  };
}

/** Those of the trees beside it that are built before it: it names some in BUILD_DEPENDS. */
export function builtFirst({ directives, with: trees }: DkmsSettings, conf: ConfText): string[] {
  const named =
    conf.dependencies !== undefined || directives.some((d) => d.startsWith('BUILD_DEPENDS'));
  if (!named) return [];
  return trees
    .filter(({ directory }) => existsSync(join(directory, confName)))
    .map(({ directory }) => directory);
}

function withTree(directory: string, excluded: readonly string[]): WithTree {
  if (!isDirectory(directory)) throw noTree(directory, '--with');
  const name = basename(directory);
  if (!/^[\w@+.:~-]+$/.test(name)) {
    throw new KbuildError(
      'PROJECT_PATH',
      `${directory} cannot lie in /usr/src: its name has a space or another character that make reads as its own`,
      'Rename it.',
    );
  }
  const output = join(directory, 'dist');
  const outputs = [...excluded, ...(isOurOutput(output) ? [output] : [])];
  return { name, directory, ...listSources(directory, ...outputs) };
}

/** The overlays of a directory: what dkms reads in /etc/dkms. */
function overlayTree(directory: string): SourceTree {
  if (!isDirectory(directory)) throw noTree(directory, 'overlay');
  const files = listSourceFiles(directory).filter(({ path }) => /^[^/]+\.conf$/.test(path));
  return { directory, files };
}

const noTree = (directory: string, what: string): KbuildError =>
  new KbuildError(
    'PROJECT_NOT_FOUND',
    `there is no directory ${directory}, which ${what} names`,
    what === 'overlay'
      ? 'Name one with <package>.conf files, as /etc/dkms has them.'
      : 'Name the source tree that the project needs beside it.',
  );
