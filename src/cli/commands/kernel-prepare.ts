import { defineCommand } from '../command.js';
import { displayPath } from '../display-path.js';
import { commaList, fetchOptions, jsonOption, list, verboseOption } from '../options.js';
import { printError } from '../print-error.js';
import { runWithReporter } from '../session.js';
import { formatDuration } from '../units.js';
import type { PrepareReport, ReadyKdir } from '../../workflow/prepare-kernels.js';
import type { PreparedKernel } from '../../kernel/providers/source/prepare-source.js';

export const kernelPrepareCommand = defineCommand({
  usage: 'prepare <what>',
  summary: 'Mend a KDIR in a layer over it, or make a kernel of its source',
  positionals: (argv) =>
    argv.positional('what', {
      type: 'string',
      demandOption: true,
      describe: 'A KDIR, a kernel reference, or a source: tarball, tree, git tree (path#revision)',
    }),
  options: {
    arch: list("Architectures; default: this machine's", 'a'),
    toolchain: list('Toolchain; default: the one that fits the kernel', 't'),
    config: {
      string: true,
      requiresArg: true,
      describe: 'defconfig (default), …_defconfig, a file',
    },
    fragment: list('File of configuration that is merged into it'),
    set: list('A single symbol: --set CONFIG_KASAN=y'),
    localversion: { string: true, requiresArg: true, describe: 'What the release ends with' },
    build: {
      choices: ['kernel', 'prepare'] as const,
      describe: 'All of a source (the default), or modules_prepare alone: no Module.symvers',
    },
    out: {
      string: true,
      requiresArg: true,
      alias: 'o',
      describe: 'Directory for image and vmlinux',
    },
    save: { string: true, requiresArg: true, describe: 'Write it down, for --kernel source:FILE' },
    ...fetchOptions,
    ...jsonOption,
    ...verboseOption,
  },
  examples: [
    ['kernel prepare ~/bsp/out', 'a KDIR whose host tools are another machine’s'],
    [
      'kernel prepare linux-6.1.tar.xz -a arm64 -t clang-14 --fragment vm.config -o boot',
      'a kernel of one’s own, its bootable image included',
    ],
  ],
  async run(argv, context) {
    const [{ prepareKernels }, { exitStatus }] = await Promise.all([
      import('../../workflow/prepare-kernels.js'),
      import('../../errors/gravest.js'),
    ]);
    const request = {
      what: String(argv.what),
      archs: commaList(argv.arch),
      toolchains: commaList(argv.toolchain),
      ...(argv.config !== undefined && { config: argv.config }),
      ...(argv.fragment !== undefined && { fragments: argv.fragment }),
      ...(argv.set !== undefined && { set: argv.set }),
      ...(argv.localversion !== undefined && { localversion: argv.localversion }),
      ...(argv.build !== undefined && { build: argv.build }),
      ...(argv.out !== undefined && { output: argv.out }),
      ...(argv.save !== undefined && { save: argv.save }),
    };
    const report = await runWithReporter(argv, context, (session) =>
      prepareKernels(request, session),
    );
    const failed = report.unusable.map((kernel) => ({ ...kernel, error: kernel.error.toReport() }));
    if (argv.json) {
      console.log(JSON.stringify({ schemaVersion: 1, ...report, unusable: failed }, null, 2));
    } else {
      console.log(formatReport(report, argv.save));
      for (const { error } of report.unusable) printError(error, false);
    }
    return exitStatus(report.unusable.map(({ error }) => error.code));
  },
});

function formatReport({ kdirs, kernels }: PrepareReport, save: string | undefined): string {
  return [...kdirs.map(kdirRows), ...kernels.map((kernel) => kernelRows(kernel, save))]
    .map((rows) =>
      rows
        .flatMap(([name, value]) => (value === undefined ? [] : [`${name.padEnd(11)}${value}`]))
        .join('\n'),
    )
    .join('\n\n');
}

type Row = readonly [name: string, value: string | undefined];

function kdirRows({ kdir, toolchain, mended, fromCache, milliseconds }: ReadyKdir): Row[] {
  const [first = 'nothing: it is ready', ...others] = mended;
  return [
    ['KDIR', kdir.path],
    ['release', kdir.release],
    ['arch', kdir.arch],
    ['toolchain', toolchain],
    ['mended', first],
    ...others.map((sentence) => ['', sentence] as const),
    ...(mended.length > 0 ? [timeRow(milliseconds, fromCache)] : []),
  ];
}

function kernelRows(kernel: PreparedKernel, save: string | undefined): Row[] {
  return [
    ['release', kernel.release],
    ['arch', kernel.arch],
    ['toolchain', kernel.toolchain],
    ['KDIR', kernel.directory],
    ['image', kernel.image],
    ['vmlinux', kernel.vmlinux],
    timeRow(kernel.milliseconds, kernel.fromCache),
    ['use it', save === undefined ? undefined : `--kernel source:${displayPath(save)}`],
  ];
}

const timeRow = (milliseconds: number, fromCache: boolean): Row => [
  'time',
  `${formatDuration(milliseconds)}${fromCache ? ', from the cache' : ''}`,
];
