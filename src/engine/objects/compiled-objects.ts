import { existsSync } from 'node:fs';
import { join, posix } from 'node:path';
import type { BuiltFile } from '../../artifact/collect.js';
import type { Diagnostic } from '../../events/event.js';
import type { Job } from '../../plan/job.js';
import { containerLayout } from '../../plan/layout.js';
import { parseCommandFile } from '../kbuild-command.js';

/** What a build compiled: an object, Kbuild's record of it, and what it was made of. */
export interface CompiledObject {
  /** Relative to the build directory. */
  path: string;
  bytes: Buffer;
  /** The text of its `.cmd` file. */
  command: string;
  /** The files of the projects that the compiler read, relative to the build directory. */
  read: string[];
  /** False for one that must be compiled each time. */
  isKept: boolean;
}

/** Kbuild's record of an object. */
export const commandPath = (object: string): string =>
  posix.join(posix.dirname(object), `.${posix.basename(object)}.cmd`);

/**
 * The objects of a build that were compiled of the projects' sources. One is kept if all that the
 * compiler read is known: staged sources, the KDIR's files, the image's. What was made of a generated
 * file, and what the compiler had a word about (it would be missing from the next build), is not.
 * @param files what came out, relative to the project's directory
 * @param sources all staged files, relative to the build directory
 */
export function compiledObjects(
  job: Job,
  files: readonly BuiltFile[],
  sources: ReadonlyMap<string, unknown>,
  diagnostics: readonly Diagnostic[],
): CompiledObject[] {
  const { placement } = job.source;
  const byPath = new Map(files.map((file) => [file.path, file]));
  const spokenOf = new Set(diagnostics.flatMap(({ file }) => file ?? []));
  const isSpokenOf = (name: string) =>
    spokenOf.has(name) ||
    spokenOf.has(posix.resolve(`${containerLayout.build}/${placement}`, name));
  return files.flatMap(({ path, bytes }): CompiledObject[] => {
    const record = path.endsWith('.o') ? byPath.get(commandPath(path)) : undefined;
    const command = record?.bytes.toString('utf8');
    const parsed = command === undefined ? undefined : parseCommandFile(command);
    if (command === undefined || parsed?.source === undefined) return [];
    const names = [parsed.source, ...parsed.dependencies];
    const places = names.map((name) => placeOf(name, job, sources));
    const isKept = !places.includes(undefined) && !names.some(isSpokenOf);
    const read = places.flatMap((place) => (place === undefined || place === '' ? [] : [place]));
    // What Kbuild itself generates (*.mod.c) is no source of anybody's.
    if (!sources.has(read[0] ?? '')) return [];
    return [
      { path: posix.join(placement, path), bytes, command, read: [...new Set(read)], isKept },
    ];
  });
}

/**
 * Where a file that a compiler read belongs: the path of a staged source, relative to the build
 * directory; '' for a file of the KDIR or of the image; undefined for one of which nothing is known.
 */
function placeOf(
  name: string,
  { kdir, source }: Job,
  sources: ReadonlyMap<string, unknown>,
): string | undefined {
  const { build } = containerLayout;
  if (!posix.isAbsolute(name)) {
    // Before Linux 6.13 make runs in the KDIR, since then in the module's directory.
    const own = posix.join(source.placement, name);
    if (sources.has(own)) return own;
    return isInKdir(posix.resolve(kdir.path, name), kdir.mounts) ? '' : undefined;
  }
  const path = posix.normalize(name);
  if (path.startsWith(`${build}/`)) {
    const own = path.slice(build.length + 1);
    return sources.has(own) ? own : undefined;
  }
  return path.startsWith('/usr/lib/') || isInKdir(path, kdir.mounts) ? '' : undefined;
}

function isInKdir(path: string, mounts: Job['kdir']['mounts']): boolean {
  return mounts.some(
    ({ source, target }) =>
      (path === target || path.startsWith(`${target}/`)) &&
      existsSync(join(source, path.slice(target.length))),
  );
}
