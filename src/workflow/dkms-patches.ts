import { readFileSync, realpathSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { KbuildError } from '../errors/kbuild-error.js';
import type { DkmsPackageConfig } from '../project/dkms-package-schema.js';
import type { Project } from '../project/project.js';
import { contentRefused } from '../release/dkms/check-content.js';
import { publishedBy } from './dkms-tree.js';

/** A patch of a package: its name in `patches/`, and the file that it is. */
export interface PackagePatch {
  file: string;
  match: string | undefined;
  /** Absolute. */
  source: string;
}

/**
 * The patches that a project's configuration names for its package.
 * @throws KbuildError CONFIG_INVALID, DKMS_PATCH_MISSING, DKMS_PACK_CONTENT
 */
export function patchesOf(
  project: Project,
  { patches = [] }: DkmsPackageConfig,
  dependencies: readonly Project[],
): PackagePatch[] {
  const { directory, name } = project;
  if (patches.length > 0 && dependencies.length > 0) {
    throw new KbuildError(
      'CONFIG_INVALID',
      `${directory}: dkms.package.patches cannot be had together with depends: the sources of ${name} do not lie at the root of its package`,
      'Apply the patches to the sources.',
    );
  }
  const sources = new Map<string, string>();
  const published = publishedBy([project]);
  return patches.map((patch) => {
    const { file, match } = typeof patch === 'string' ? { file: patch, match: undefined } : patch;
    const source = resolve(directory, file);
    const base = basename(file);
    const other = sources.get(base) ?? source;
    sources.set(base, source);
    if (other !== source) {
      throw new KbuildError(
        'CONFIG_INVALID',
        `${directory}: two patches are called ${base}, and a package has one directory for all`,
        'Rename one of them.',
      );
    }
    try {
      const real = realpathSync(source);
      if (published.has(real)) readFileSync(real);
      else throw leadsOut(directory, file, real);
    } catch (cause) {
      if (cause instanceof KbuildError) throw cause;
      throw new KbuildError(
        'DKMS_PATCH_MISSING',
        `${directory}: dkms.package.patches names ${file}, which cannot be read: ${(cause as Error).message}`,
        'The path is relative to the configuration.',
        { cause },
      );
    }
    return { file: base, match, source };
  });
}

const leadsOut = (directory: string, file: string, real: string): KbuildError =>
  contentRefused(
    `${directory}: dkms.package.patches names ${file} (${real}), which is no file of the project: a package would publish it`,
    'Put the patch into the directory of the project.',
  );
