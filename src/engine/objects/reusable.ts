import type { KeptBuild, KeptObject } from './object-store.js';

/** What the compiler's own record of what it read covers. (Not what an assembler includes by itself.) */
const isTracked = (path: string): boolean => /\.[ch]$/.test(path);

/**
 * The objects of an earlier build that a build of these files would make again. Only changes of C files
 * are followed: they are what compilers tell of. After any other change (a new file, which may come
 * before another of its name; a Makefile; what an assembler includes) all is compiled.
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
  if (isNew || [...changed].some((path) => !isTracked(path))) return [];
  return kept.objects.filter(({ read }) => !read.some((path) => changed.has(path)));
}
