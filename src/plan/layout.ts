/** Where a build finds and leaves its files. */
export interface Layout {
  /** The staged sources, read-only. */
  sources: string;
  /** The scratch space: sources are copied to it and built in it. */
  build: string;
  /** Module.symvers of the jobs that a job needs, one directory each. */
  symvers: string;
}

/** The paths in a container: the same for every build, so that equal inputs give equal bytes. */
export const containerLayout: Layout = { sources: '/src', build: '/build', symvers: '/symvers' };

/** The paths of a build on the host. */
export function hostLayout(directory: string): Layout {
  return {
    sources: `${directory}/src`,
    build: `${directory}/build`,
    symvers: `${directory}/symvers`,
  };
}

/**
 * The arguments of make, moved from the container's paths to another layout. There, the compiler
 * is told to record the container's path in place of its own: the modules are the same.
 */
export function relocateMake(make: readonly string[], layout: Layout): string[] {
  if (layout === containerLayout) return [...make];
  const map = `-ffile-prefix-map=${layout.build}=${containerLayout.build}`;
  const words = make.map((word) => relocate(word, layout));
  const flags = words.findIndex((word) => word.startsWith('KCFLAGS='));
  if (flags === -1) return [...words, `KCFLAGS=${map}`];
  return words.with(flags, `${words[flags]} ${map}`);
}

function relocate(word: string, layout: Layout): string {
  return word.replaceAll(
    /(^|[=\s])(\/build|\/symvers)(?=\/|$)/g,
    (_, before: string, path: string) =>
      before + (path === containerLayout.build ? layout.build : layout.symvers),
  );
}
