import type { KeptBuild, KeptObject } from './object-store.js';

/**
 * The objects of an earlier build that a build of these files would make again. Only changes of C files
 * that compilers told of are followed. After any other change (a new file, which may come before another
 * of its name; a Makefile; what an assembler includes) all is compiled.
 * @param files every staged file, relative to the build directory, with its hash
 */
export function reusableObjects(
  kept: KeptBuild,
  files: Readonly<Record<string, string>>,
): KeptObject[] {
  const isNew = Object.keys(files).some((path) => kept.files[path] === undefined);
  const changed = new Set(
    Object.keys(kept.files).filter((path) => kept.files[path] !== files[path]),
  );
  const toldOf = new Set(kept.told);
  const isFollowed = (path: string) => /\.[ch]$/.test(path) && toldOf.has(path);
  if (isNew || ![...changed].every(isFollowed)) return [];
  return kept.objects.filter(({ read }) => !read.some((path) => changed.has(path)));
}
