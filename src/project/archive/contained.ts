import { existsSync, realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import { KbuildError } from '../../errors/kbuild-error.js';
import { isBelow } from '../../kernel/is-below.js';
import type { ProjectConfig } from '../config-schema.js';
import { findConfig } from '../find-config.js';
import { readConfig } from '../load-project.js';

/**
 * Holds the configuration of a directory that came out of an archive to the archive: it is no
 * program, names no file of this machine, no key to sign with, and no package that the user does not
 * name too: packages are installed by root.
 * @param directory below `root`; absolute
 * @throws KbuildError SOURCE_ARCHIVE, CONFIG_*
 */
export async function checkContained(
  directory: string,
  root: string,
  archive: string,
  buildDeps: readonly string[] = [],
): Promise<void> {
  const file = findConfig(directory);
  if (file === undefined) return;
  const refuse = (
    what: string,
    hint = 'If you trust it, unpack it yourself and name the directory.',
  ): KbuildError =>
    new KbuildError(
      'SOURCE_ARCHIVE',
      `${archive} cannot be used: its ${file.slice(root.length + 1)} ${what}`,
      hint,
    );
  if (!/\.(ya?ml|json)$/.test(file)) throw refuse('is a program, and nothing of an archive is run');
  const config = (await readConfig(directory))?.config;
  if (config === undefined) return;
  if ('signing' in config) throw refuse('names a key to sign with');
  const outside =
    'projects' in config
      ? config.projects.find((glob) => /^[/~]|(^|[/{,(|])\.\.([/},)|]|$)/.test(glob))
      : pathsIn(config).find((path) => !liesIn(resolve(directory, path), root));
  if (outside !== undefined) throw refuse(`names ${outside}, which lies outside of the archive`);
  const kernel = (config.kernels ?? []).find((ref) => /^([./~]|source:)/.test(ref));
  if (kernel !== undefined) {
    throw refuse(`names the kernel ${kernel}: an archive may name those of repositories`);
  }
  const wanted = 'projects' in config ? [] : (config.buildDeps ?? []);
  const missing = wanted.filter((name) => !buildDeps.includes(name));
  if (missing.length > 0) {
    throw refuse(
      `wants packages in the image of its build (${missing.join(', ')}), which are yours to give`,
      `If you trust them, add --build-dep ${missing.join(',')}`,
    );
  }
}

/**
 * Refuses directories that do not lie in an archive, whatever led to them.
 * @throws KbuildError SOURCE_ARCHIVE
 */
export function checkReach(paths: readonly string[], root: string, archive: string): void {
  const outside = paths.find((path) => !liesIn(path, root));
  if (outside === undefined) return;
  throw new KbuildError(
    'SOURCE_ARCHIVE',
    `${archive} cannot be used: its workspace names ${outside}, which lies outside of the archive`,
    'If you trust it, unpack it yourself and name the directory.',
  );
}

const liesIn = (path: string, root: string): boolean =>
  isBelow(path, root) && (!existsSync(path) || isBelow(realpathSync(path), realpathSync(root)));

function pathsIn(config: ProjectConfig): string[] {
  const { depends = [], dkms = {}, test = {} } = config;
  const { overlay, with: trees = [] } = dkms;
  const single = [overlay, test.modprobe, ...(test.cases ?? []).map(({ script }) => script)];
  return [...depends, ...trees, ...single.filter((path) => path !== undefined)];
}
