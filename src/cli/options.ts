import type { Argv, Options } from 'yargs';
import { dkmsOptions, dkmsRequest } from './dkms-options.js';
import { checkedBuildDeps } from '../project/build-dep.js';
import type { PlanRequest } from '../workflow/plan.js';

/** `--x a,b --x c` as one list. */
export function commaList(values: readonly string[] | undefined): string[] {
  return (values ?? []).flatMap((value) => value.split(',')).filter((value) => value !== '');
}

/** An option that may be given several times. */
export const list = (describe: string, alias?: string) =>
  ({ type: 'string', array: true, requiresArg: true, describe, ...(alias && { alias }) }) as const;

export const archOption = { arch: list('Architectures; default: all', 'a') };

/** How kernels are got. */
export const fetchOptions = {
  repository: list('File that describes a repository of kernels'),
  offline: { boolean: true, default: false, describe: 'Use what the cache has, ask no repository' },
  'allow-expired': {
    boolean: true,
    default: false,
    describe: 'Take package indexes whose Valid-Until date has passed',
  },
} as const satisfies Record<string, Options>;

export const buildDepOption = {
  'build-dep': list('Debian package that a build needs besides the toolchain: its image gets it'),
};

/** @throws KbuildError USAGE for what is no name of a package */
export const buildDeps = (argv: { 'build-dep'?: string[] | undefined }): string[] =>
  checkedBuildDeps(commaList(argv['build-dep']));

/** What is to be built, and for what. */
export const selectionOptions = {
  arch: list('Architecture, for example arm64; repeat it or separate by commas', 'a'),
  kdir: list('Path of a kernel build directory; its arch is read from it'),
  kernel: list(
    'Kernel: debian:<suite>, debian:<suite>/<release or glob>, host, source:<file>',
    'k',
  ),
  toolchain: list('Toolchain, for example gcc-12; default: the one the kernel was built with', 't'),
  ...buildDepOption,
  ...dkmsOptions,
  out: { string: true, requiresArg: true, alias: 'o', describe: 'Output directory' },
  runtime: {
    choices: ['docker', 'host'] as const,
    default: 'docker' as const,
    describe: 'Build in containers, or with this machine’s own compilers and no isolation',
  },
  W: { string: true, describe: 'Extra warnings, as for Kbuild: -W 1' },
  C: { string: true, describe: 'Check with sparse, as for Kbuild: -C 1, or 2 for all files' },
  prepare: {
    choices: ['auto', 'never'] as const,
    default: 'auto' as const,
    describe: 'Mend a KDIR that is not ready, in a layer over it, or refuse it',
  },
  ...fetchOptions,
} as const satisfies Record<string, Options>;

export const jsonOption = {
  json: { boolean: true, default: false, describe: 'Print one JSON document on stdout' },
} as const;

export const verboseOption = {
  verbose: { boolean: true, default: false, describe: 'Print the whole output' },
} as const;

export const reporterOption = {
  reporter: {
    choices: ['auto', 'live', 'plain', 'github'] as const,
    default: 'auto' as const,
    describe:
      'How a run is shown: auto is live on a terminal, github in GitHub Actions, else plain',
  },
} as const satisfies Record<string, Options>;

export const directoryPositional = (argv: Argv): Argv =>
  argv.positional('dir', {
    type: 'string',
    default: '.',
    describe: 'The project: sources, a Kbuild tree or a kbuild.config.yaml',
  });

/** What is built: one thing or several. */
export const pathsPositional = (argv: Argv): Argv =>
  argv.positional('dirs', {
    type: 'string',
    array: true,
    default: ['.'],
    describe: 'Projects, directories of DKMS sources, or archives: a .deb, a tar archive',
  });

interface Selection {
  arch?: string[] | undefined;
  kdir?: string[] | undefined;
  kernel?: string[] | undefined;
  toolchain?: string[] | undefined;
  'build-dep'?: string[] | undefined;
  with?: string[] | undefined;
  directive?: string[] | undefined;
  overlay?: string | undefined;
  out?: string | undefined;
  runtime: 'docker' | 'host';
  W?: string | undefined;
  C?: string | undefined;
  prepare: 'auto' | 'never';
  dirs?: unknown;
}

export function planRequest(argv: Selection): PlanRequest {
  return {
    directories: [argv.dirs].flat().map(String),
    archs: commaList(argv.arch),
    kdirs: argv.kdir ?? [],
    kernels: commaList(argv.kernel),
    toolchains: commaList(argv.toolchain),
    buildDeps: buildDeps(argv),
    dkms: dkmsRequest(argv),
    runtime: argv.runtime,
    prepare: argv.prepare,
    failFast: false,
    ...(argv.out !== undefined && { output: argv.out }),
    ...(argv.W !== undefined && { warnings: argv.W || '1' }),
    ...(argv.C !== undefined && { check: argv.C || '1' }),
  };
}
