import { KbuildError } from '../../errors/kbuild-error.js';
import { defineCommand } from '../command.js';
import {
  jsonOption,
  pathsPositional,
  planRequest,
  selectionOptions,
  verboseOption,
} from '../options.js';
import { runWithReporter } from '../session.js';
import { parseDuration, parseSize } from '../units.js';

export const buildCommand = defineCommand({
  usage: 'build [dirs..]',
  summary: 'Build, verify and collect modules for every kernel and architecture',
  positionals: pathsPositional,
  options: {
    ...selectionOptions,
    jobs: {
      number: true,
      alias: 'j',
      requiresArg: true,
      describe: 'Jobs at once; default: the number of CPUs',
    },
    'keep-going': { boolean: true, describe: 'Build the other jobs when one fails (the default)' },
    'fail-fast': {
      boolean: true,
      describe: 'Stop at the first job that fails',
      conflicts: 'keep-going',
    },
    memory: {
      string: true,
      default: '4g',
      requiresArg: true,
      describe: 'Memory limit of each job',
    },
    disk: {
      string: true,
      default: '2g',
      requiresArg: true,
      describe: 'Scratch space of each job; lies in memory',
    },
    timeout: {
      string: true,
      default: '30m',
      requiresArg: true,
      describe: 'Time limit of each job',
    },
    cache: {
      boolean: true,
      default: true,
      describe: 'Take jobs whose inputs are unchanged from the cache',
    },
    ...jsonOption,
    ...verboseOption,
  },
  examples: [
    ['build --arch arm64', 'the module in this directory, for Debian’s stock arm64 kernel'],
    [
      'build drv -k debian:bullseye -k debian:trixie -a arm64,x86_64',
      'two kernels, two architectures',
    ],
    ['build drv --kdir ~/linux/out', 'for a kernel of your own'],
    ['build drv-dkms_1.2_all.deb other/ -a arm64', 'what a DKMS package has, and a directory'],
  ],
  async run(argv, context) {
    const [{ build }, { availableParallelism }] = await Promise.all([
      import('../../workflow/build.js'),
      import('node:os'),
    ]);
    const request = {
      ...planRequest(argv),
      concurrency: jobCount(argv.jobs) ?? availableParallelism(),
      failFast: argv['fail-fast'] === true,
      useCache: argv.cache,
      limits: {
        memoryBytes: parseSize(argv.memory, 'memory'),
        diskBytes: parseSize(argv.disk, 'disk'),
        timeoutMs: parseDuration(argv.timeout, 'timeout'),
      },
    };
    const report = await runWithReporter(argv, context, (session) => build(request, session));
    if (argv.json) {
      const { manifestText } = await import('../../artifact/manifest-text.js');
      console.log(manifestText(report.manifest));
    } else {
      const [{ formatResult }, { styleFor }] = await Promise.all([
        import('../result-table.js'),
        import('../style.js'),
      ]);
      console.log(formatResult(report.manifest, styleFor(process.stdout)));
    }
    return report.exitStatus;
  },
});

function jobCount(jobs: number | undefined): number | undefined {
  if (jobs === undefined || (Number.isInteger(jobs) && jobs > 0)) return jobs;
  throw new KbuildError(
    'USAGE',
    `--jobs ${jobs}: not a number of jobs`,
    'Write --jobs 4 or the like.',
  );
}
