import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { makefiles } from '../build-method.js';
import { findConfig } from '../find-config.js';
import { directoriesIn, hasDkmsConf, speaksOfModules } from '../project-signs.js';
import { Refusal } from './refusal.js';

/** What is unpacked of a Debian package: the rest is no source, and has links to all of a system. */
export const sourcesOfDeb: readonly string[] = ['usr', 'src'];

/**
 * Where the projects of an unpacked Debian package lie: relative to its root.
 * @throws Refusal if it has none
 */
export function placesInDeb(root: string): string[] {
  const below = join(...sourcesOfDeb);
  const places = directoriesIn(join(root, below)).filter((name) =>
    hasDkmsConf(join(root, below, name)),
  );
  if (places.length > 0) return places.map((name) => join(below, name));
  throw new Refusal(
    'it holds no usr/src/*/dkms.conf: it is no DKMS package',
    "Name the package that has the module's sources: its name most often ends in -dkms.",
  );
}

/**
 * Finds where the projects of an unpacked tar archive lie, and lays it out so that each has a
 * directory of its own name: what lies at the root of the archive, or is the source tree of a
 * tarball of dkms, gets that of the archive.
 * @param directory in which `root` is the unpacked archive
 * @param name of the archive, without its suffix
 * @returns relative to `root`
 * @throws Refusal if there is none
 */
export async function placesInTar(directory: string, name: string): Promise<string[]> {
  const root = join(directory, 'root');
  const top = directoriesIn(root);
  if (top.includes('dkms_source_tree')) {
    await nest(directory, name, 'dkms_source_tree');
    return [name];
  }
  if (top.includes('dkms_binaries_only')) {
    throw new Refusal(
      'it is a tarball of dkms that holds built modules and no sources',
      "Make one with sources: 'dkms mktarball' without --binaries-only.",
    );
  }
  if (isProject(root)) {
    await nest(directory, name);
    return [name];
  }
  for (const sign of signs) {
    const places = top.filter((place) => sign(join(root, place)));
    if (places.length > 0) return places;
  }
  const packaged = directoriesIn(join(root, 'usr/src')).filter((place) =>
    hasDkmsConf(join(root, 'usr/src', place)),
  );
  if (packaged.length > 0) return packaged.map((place) => join('usr/src', place));
  throw new Refusal(
    'no project is in it: neither at its root nor one directory below lie a dkms.conf, a kbuild.config.yaml, a Kbuild or a Makefile',
    'If its modules lie deeper, unpack it and name their directory.',
  );
}

const hasMakefile = (path: string): boolean =>
  makefiles.some((file) => existsSync(join(path, file)));

const isProject = (path: string): boolean =>
  hasDkmsConf(path) || findConfig(path) !== undefined || hasMakefile(path);

/** What tells a project, the surest first: beside a driver may lie tests and tools. */
const signs: readonly ((path: string) => boolean)[] = [
  (path) => hasDkmsConf(path) || directoriesIn(path).some((name) => hasDkmsConf(join(path, name))),
  (path) => findConfig(path) !== undefined,
  speaksOfModules,
  hasMakefile,
];

/** Makes of a directory's root, or of a directory in it, the only one in a new root. */
async function nest(directory: string, name: string, part = '.'): Promise<void> {
  const [root, whole] = [join(directory, 'root'), join(directory, 'whole')];
  await rename(root, whole);
  await mkdir(root);
  await rename(join(whole, part), join(root, name));
  await rm(whole, { recursive: true, force: true });
}
