import { resolve } from 'node:path';
import { availableParallelism } from 'node:os';
import { KbuildError } from '../../errors/kbuild-error.js';
import { budgetOf } from '../budget.js';
import { defineCommand } from '../command.js';
import { tellGithub } from '../github/tell-github.js';
import {
  jsonOption,
  list,
  planRequest,
  reporterOption,
  selectionOptions,
  verboseOption,
} from '../options.js';
import { sharedCacheOptions, sharedCacheRequest } from '../shared-cache-options.js';
import { runWithReporter } from '../session.js';
import { parseDuration, parseSize } from '../units.js';

/** Of a build, as `build` has them by default. */
const buildLimits = { memoryBytes: 4 * 2 ** 30, diskBytes: 2 * 2 ** 30, timeoutMs: 30 * 60_000 };

const isModule = (path: string): boolean => /\.ko(\.(gz|xz|zst))?$/.test(path);

export const testCommand = defineCommand({
  usage: 'test [dirs..]',
  summary: 'Load modules in a booted kernel, run the checks, and say what came of it',
  positionals: (argv) =>
    argv.positional('dirs', {
      type: 'string',
      array: true,
      default: ['.'],
      describe: 'Projects, directories of DKMS sources, archives; or modules (.ko)',
    }),
  options: {
    ...selectionOptions,
    'kernel-image': {
      string: true,
      requiresArg: true,
      describe: 'Image to boot (vmlinuz, Image); default: the one that belongs to the kernel',
    },
    case: list('Case of the configuration, by name or glob; default: all'),
    isolated: {
      boolean: true,
      default: false,
      describe: 'Give each case a virtual machine of its own',
    },
    timeout: {
      string: true,
      requiresArg: true,
      describe: 'Time limit of each step: a load, a script, an unload; default: 20s',
    },
    memory: {
      string: true,
      requiresArg: true,
      describe: 'Memory of a virtual machine; default: 512m',
    },
    cpus: { number: true, requiresArg: true, describe: 'CPUs of a virtual machine; default: 1' },
    append: list('Parameter for the kernel, for example module.sig_enforce=1'),
    accel: {
      choices: ['auto', 'kvm', 'tcg'] as const,
      default: 'auto' as const,
      describe: 'How a virtual machine runs: auto is KVM where it works, else TCG (emulation)',
    },
    jobs: {
      number: true,
      alias: 'j',
      requiresArg: true,
      describe: 'Virtual machines, and processes that compile, at once; default: number of CPUs',
    },
    junit: { string: true, requiresArg: true, describe: 'Write the results there as JUnit XML' },
    ...sharedCacheOptions,
    ...reporterOption,
    ...jsonOption,
    ...verboseOption,
  },
  examples: [
    ['test', 'the modules of this directory, in Debian’s stock kernel'],
    ['test drv -k debian:bookworm,debian:trixie -a arm64,x86_64', 'in four kernels'],
    ['test drv --append module.sig_enforce=1', 'as a kernel that takes signed modules alone'],
    ['test hello.ko -k debian:bookworm', 'a module that is there, in the kernel that it is for'],
    ['test --junit results.xml', 'for a CI system'],
  ],
  async run(argv, context) {
    const paths = [argv.dirs].flat().map(String);
    const files = paths.filter(isModule);
    if (files.length > 0 && files.length < paths.length) {
      throw usage(
        'modules (.ko) and projects are not tested in one run',
        'Name the modules alone, or the projects alone.',
      );
    }
    const { cpus, jobs } = argv;
    if (cpus !== undefined && !(Number.isInteger(cpus) && cpus >= 1 && cpus <= 64)) {
      throw usage(`--cpus ${cpus}: not a number of CPUs`, 'Write --cpus 2 or the like: 1 to 64.');
    }
    const append = argv.append ?? [];
    const odd = append.find((text) => !/^[\x21-\x7e]+$/.test(text));
    if (odd !== undefined) {
      throw usage(`--append '${odd}': not one parameter`, 'Repeat --append for each of several.');
    }
    const budget = budgetOf({ jobs });
    const sharedCache = sharedCacheRequest(argv);
    const { test } = await import('../../workflow/test.js');
    const request = {
      ...planRequest(argv),
      ...(files.length > 0 && { directories: [] }),
      files: files.map((path) => resolve(path)),
      budget,
      failFast: false,
      useCache: true,
      incremental: true,
      ...(sharedCache !== undefined && { sharedCache }),
      limits: {
        ...buildLimits,
        memoryBytes: Math.min(buildLimits.memoryBytes, budget.memoryBytes),
      },
      ...(argv['kernel-image'] !== undefined && { kernelImage: resolve(argv['kernel-image']) }),
      cases: argv.case ?? [],
      isolated: argv.isolated,
      machine: {
        ...(argv.memory !== undefined && { memoryBytes: parseSize(argv.memory, 'memory') }),
        ...(cpus !== undefined && { cpus }),
        ...(argv.timeout !== undefined && { timeoutMs: parseDuration(argv.timeout, 'timeout') }),
        commandLine: append,
        accelerator: argv.accel,
      },
      machines: jobs ?? availableParallelism(),
      ...(argv.junit !== undefined && { junit: resolve(argv.junit) }),
    };
    const report = await runWithReporter(argv, context, (session) => test(request, session));
    if (argv.json) {
      const { manifestText } = await import('../../artifact/manifest-text.js');
      console.log(manifestText(report.manifest));
    } else {
      const [{ formatTestRun }, { styleFor }] = await Promise.all([
        import('../test-view.js'),
        import('../style.js'),
      ]);
      console.log(formatTestRun(report.manifest, styleFor(process.stdout), argv.verbose));
    }
    await tellGithub('test', report.manifest);
    return report.exitStatus;
  },
});

const usage = (message: string, hint: string) => new KbuildError('USAGE', message, hint);
