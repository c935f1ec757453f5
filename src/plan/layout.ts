import { KbuildError } from '../errors/kbuild-error.js';
import type { Kdir } from '../kernel/kdir.js';

/** Where a build finds and leaves its files. */
export interface Layout {
  /** The staged sources, read-only. */
  sources: string;
  /** The scratch space: sources are copied to it and built in it. */
  build: string;
  /** Module.symvers of the jobs that a job needs, one directory each. */
  symvers: string;
  /** Objects of an earlier build that its inputs still allow, as they lay in `build`. */
  objects: string;
  /** A pipe of tokens for make, where there is one. */
  tokens: string;
}

/** The paths in a container: the same for every build, so that equal inputs give equal bytes. */
export const containerLayout: Layout = {
  sources: '/src',
  build: '/build',
  symvers: '/symvers',
  objects: '/objects',
  tokens: '/jobserver',
};

/**
 * A KDIR is mounted where it lies on disk: it cannot lie where a build has its own directories.
 * @throws KbuildError KDIR_NOT_IN_PLACE
 */
export function checkKdirPlace({ path, mounts }: Kdir): void {
  const targets = [path, ...mounts.map(({ target }) => target)];
  const taken = Object.values<string>({ ...containerLayout }).find((own) =>
    targets.some((target) => target === own || target.startsWith(`${own}/`)),
  );
  if (taken === undefined) return;
  throw new KbuildError(
    'KDIR_NOT_IN_PLACE',
    `the KDIR ${path} needs files in ${taken}, which is a directory of the build's own in its container`,
    `Move the KDIR to a directory that does not lie in ${Object.values(containerLayout).join(', ')}, or copy it.`,
  );
}

/** The paths of a build on the host. */
export function hostLayout(directory: string): Layout {
  return {
    sources: `${directory}/src`,
    build: `${directory}/build`,
    symvers: `${directory}/symvers`,
    objects: `${directory}/objects`,
    tokens: `${directory}/jobserver`,
  };
}

/**
 * The arguments of make, moved from the container's paths to another layout. There, the compiler
 * is told to record the container's path in place of its own: the modules are the same.
 */
export function relocateMake(make: readonly string[], layout: Layout): string[] {
  if (layout === containerLayout) return [...make];
  const map = `-ffile-prefix-map=${layout.build}=${containerLayout.build}`;
  // As makeLine writes it: with M=, the directory after -C is the KDIR, else the project.
  const inKdir = make[3]?.startsWith('M=');
  const words = make.map((word, i) => {
    const own = /^(?:MO?|KBUILD_EXTRA_SYMBOLS)=/.test(word) || (make[i - 1] === '-C' && !inKdir);
    return own ? relocate(word, layout) : word;
  });
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
