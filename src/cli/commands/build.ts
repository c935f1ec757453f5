import { resolve } from 'node:path';
import { KbuildError } from '../../errors/kbuild-error.js';
import { budgetOf } from '../budget.js';
import { defineCommand } from '../command.js';
import {
  jsonOption,
  pathsPositional,
  planRequest,
  reporterOption,
  selectionOptions,
  verboseOption,
} from '../options.js';
import { tellGithub } from '../github/tell-github.js';
import { sharedCacheOptions, sharedCacheRequest } from '../shared-cache-options.js';
import { runWithReporter } from '../session.js';
import { jobLimits, limitOptions } from '../limit-options.js';

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
      describe: 'Processes that compile at once, over all jobs; default: the number of CPUs',
    },
    load: {
      number: true,
      alias: 'l',
      requiresArg: true,
      describe: 'Begin nothing beside what runs while the load average is above it, as make -l',
    },
    'keep-going': { boolean: true, describe: 'Build the other jobs when one fails (the default)' },
    'fail-fast': {
      boolean: true,
      describe: 'Stop at the first job that fails',
      conflicts: 'keep-going',
    },
    memory: {
      string: true,
      requiresArg: true,
      describe: 'Memory for all jobs together; default: what is available',
    },
    ...limitOptions,
    cache: {
      boolean: true,
      default: true,
      describe: 'Take jobs whose inputs are unchanged from the cache',
    },
    incremental: {
      boolean: true,
      default: true,
      describe: 'Compile only what has changed since the last build of a job',
    },
    rebuild: {
      boolean: true,
      default: false,
      describe: 'Build even what the caches have, and replace it there',
    },
    ...sharedCacheOptions,
    watch: {
      boolean: true,
      default: false,
      describe: 'Build again whenever a source changes, until it is interrupted',
    },
    junit: { string: true, requiresArg: true, describe: 'Write the results there as JUnit XML' },
    sarif: {
      string: true,
      requiresArg: true,
      describe: 'Write what the compilers said there as SARIF 2.1.0',
    },
    ...reporterOption,
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
    ['build drv --watch', 'again on every save'],
    ['build --sarif dist/build.sarif --junit dist/build.xml', 'for a CI system'],
    ['build drv-dkms_1.2_all.deb other/ -a arm64', 'what a DKMS package has, and a directory'],
  ],
  async run(argv, context) {
    if (argv.rebuild && !argv.cache) {
      throw usage(
        '--rebuild and --no-cache exclude each other',
        '--rebuild builds what the cache has and replaces it; --no-cache builds it and leaves the cache alone.',
      );
    }
    const { build } = await import('../../workflow/build.js');
    const budget = budgetOf(argv);
    const sharedCache = sharedCacheRequest(argv);
    const request = {
      ...planRequest(argv),
      budget,
      failFast: argv['fail-fast'] === true,
      useCache: argv.cache,
      incremental: argv.incremental,
      rebuild: argv.rebuild,
      ...(sharedCache !== undefined && { sharedCache }),
      limits: jobLimits(argv, budget),
      reports: {
        ...(argv.junit !== undefined && { junit: resolve(argv.junit) }),
        ...(argv.sarif !== undefined && { sarif: resolve(argv.sarif) }),
      },
    };
    if (argv.watch) {
      const { watchBuild } = await import('../watch-build.js');
      return watchBuild(request, argv, context);
    }
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
    await tellGithub('build', report.manifest);
    return report.exitStatus;
  },
});

const usage = (message: string, hint: string) => new KbuildError('USAGE', message, hint);
