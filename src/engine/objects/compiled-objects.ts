import { existsSync } from 'node:fs';
import { join, posix } from 'node:path';
import type { BuiltFile } from '../../artifact/collect.js';
import type { Diagnostic } from '../../events/event.js';
import type { Job } from '../../plan/job.js';
import { containerLayout } from '../../plan/layout.js';
import { isSince } from '../../kernel/release.js';
import { mostDiagnostics } from '../job-log.js';
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

/** What a build gave, as far as objects are concerned. */
export interface ObjectsOfBuild {
  /** What came out, relative to the project's directory: objects, their records, sources that it changed. */
  files: readonly BuiltFile[];
  /** All staged files, relative to the build directory, with the hash over their mode and content. */
  sources: Readonly<Record<string, string>>;
  diagnostics: readonly Diagnostic[];
}

/**
 * The objects of a build that were compiled of the projects' sources. One is kept if all that the
 * compiler read is known: staged C files that are none of links and that the build let be, the KDIR's
 * files, the image's. What was made of a generated file, and what the compiler had a word about (it would
 * be missing from the next build), is not.
 */
export function compiledObjects(job: Job, build: ObjectsOfBuild): CompiledObject[] {
  const { placement } = job.source;
  const byPath = new Map(build.files.map((file) => [file.path, file]));
  const changed = changedSources(job, build);
  const isSpokenOf = spokenOf(job, build.diagnostics);
  return build.files.flatMap(({ path, bytes }): CompiledObject[] => {
    const record = path.endsWith('.o') ? byPath.get(commandPath(path)) : undefined;
    const command = record?.bytes.toString('utf8');
    const parsed = command === undefined ? undefined : parseCommandFile(command);
    if (command === undefined || parsed?.source === undefined) return [];
    const names = [parsed.source, ...parsed.dependencies];
    const places = names.map((name) => placeOf(name, job, build.sources));
    const read = places.flatMap((place) => (place === undefined || place === '' ? [] : [place]));
    // What Kbuild itself generates (*.mod.c) is no source of anybody's.
    if (build.sources[read[0] ?? ''] === undefined) return [];
    const isKept =
      /\.c$/.test(parsed.source) && // an assembler includes files of which nobody tells
      !places.includes(undefined) &&
      !read.some((place) => changed.has(place) || isLink(build.sources[place])) &&
      !isSpokenOf(names);
    return [
      { path: posix.join(placement, path), bytes, command, read: [...new Set(read)], isKept },
    ];
  });
}

/** The staged files that a build wrote to. */
export function changedSources(
  { source }: Job,
  { files, sources }: Pick<ObjectsOfBuild, 'files' | 'sources'>,
): Set<string> {
  const paths = files.map(({ path }) => posix.join(source.placement, path));
  return new Set(paths.filter((path) => sources[path] !== undefined));
}

/** Of a link its target is hashed, and not what it leads to. */
const isLink = (entry: string | undefined): boolean => entry?.startsWith('link ') === true;

/** Whether a compiler may have said something while it read one of these files. */
function spokenOf(
  { kdir, source }: Job,
  diagnostics: readonly Diagnostic[],
): (names: readonly string[]) => boolean {
  // A word about nothing in particular may be about anything; beyond so many, some were not kept.
  const isVague = diagnostics.some(({ file }) => file === undefined);
  if (isVague || diagnostics.length >= mostDiagnostics) return () => true;
  // A compiler names a file as it found it: from where make runs, the KDIR or the module's directory.
  const places = (name: string) =>
    [kdir.path, `${containerLayout.build}/${source.placement}`].map((from) =>
      posix.resolve(from, name),
    );
  const said = new Set(diagnostics.flatMap(({ file }) => (file === undefined ? [] : places(file))));
  return (names) => said.size > 0 && names.some((name) => places(name).some((at) => said.has(at)));
}

/**
 * Where a file that a compiler read belongs: the path of a staged source, relative to the build
 * directory; '' for a file of the KDIR or of the image; undefined for one of which nothing is known.
 */
function placeOf(
  name: string,
  { kdir, source }: Job,
  sources: Readonly<Record<string, string>>,
): string | undefined {
  const { build } = containerLayout;
  // Before Linux 6.13 make runs in the KDIR, since then in the module's directory.
  const from = isSince(kdir.release, 6, 13) ? `${build}/${source.placement}` : kdir.path;
  const path = posix.resolve(from, name);
  if (path.startsWith(`${build}/`)) {
    const own = path.slice(build.length + 1);
    return sources[own] === undefined ? undefined : own;
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
