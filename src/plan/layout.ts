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

/** A word of a make line or an environment, moved from the container's paths to another layout. */
export function relocate(word: string, layout: Layout): string {
  return word.replaceAll(
    /(^|[=\s])(\/build|\/symvers)(?=\/|$)/g,
    (_, before: string, path: string) =>
      before + (path === containerLayout.build ? layout.build : layout.symvers),
  );
}
