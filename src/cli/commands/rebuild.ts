import { KbuildError } from '../../errors/kbuild-error.js';
import { budgetOf } from '../budget.js';
import { defineCommand } from '../command.js';
import { dkmsOptions, dkmsRequest } from '../dkms-options.js';
import {
  commaList,
  fetchOptions,
  jsonOption,
  list,
  pathsPositional,
  selectionOptions,
  verboseOption,
} from '../options.js';
import { runWithReporter } from '../session.js';
import { jobLimits, limitOptions } from '../limit-options.js';

export const rebuildCommand = defineCommand({
  usage: 'rebuild [dirs..]',
  summary: 'Build again what a manifest names, and say whether the bytes are equal',
  positionals: pathsPositional,
  options: {
    from: {
      string: true,
      requiresArg: true,
      describe:
        'The manifest.json of a build, the release.json of a release, or the directory that it lies in',
    },
    kernel: list('Kernel in place of those that the manifest names, as for build', 'k'),
    kdir: list('Path of a kernel build directory in place of those that the manifest names'),
    out: {
      string: true,
      requiresArg: true,
      alias: 'o',
      describe: 'Directory to leave what was built in; default: nothing is left',
    },
    sign: {
      boolean: true,
      default: true,
      describe: 'Sign as the projects say; --no-sign: compare what is signed alone',
    },
    with: dkmsOptions.with,
    overlay: dkmsOptions.overlay,
    runtime: selectionOptions.runtime,
    jobs: {
      number: true,
      alias: 'j',
      requiresArg: true,
      describe: 'Processes that compile at once, over all jobs; default: the number of CPUs',
    },
    ...limitOptions,
    ...fetchOptions,
    ...jsonOption,
    ...verboseOption,
  },
  examples: [
    ['rebuild --from dist/manifest.json', 'does this directory give these modules again?'],
    ['rebuild src --from manifest.json --no-sign', 'without the key of whoever signed them'],
  ],
  async run(argv, context) {
    const { from, out } = argv;
    if (from === undefined) {
      throw new KbuildError(
        'USAGE',
        'rebuild needs the manifest of an earlier build',
        "Name it with --from: 'build' leaves manifest.json in its output directory.",
      );
    }
    const { with: trees, overlay } = dkmsRequest(argv);
    const budget = budgetOf({ jobs: argv.jobs });
    const request = {
      from,
      directories: [argv.dirs].flat().map(String),
      kernels: commaList(argv.kernel),
      kdirs: argv.kdir ?? [],
      with: trees,
      ...(overlay !== undefined && { overlay }),
      ...(out !== undefined && { output: out }),
      sign: argv.sign,
      runtime: argv.runtime,
      budget,
      limits: jobLimits(argv, budget),
    };
    const { rebuild } = await import('../../workflow/rebuild.js');
    const { report, exitStatus } = await runWithReporter(argv, context, (session) =>
      rebuild(request, session),
    );
    if (argv.json) console.log(JSON.stringify(report, null, 2));
    else {
      const [{ formatRebuild }, { styleFor }] = await Promise.all([
        import('../rebuild-view.js'),
        import('../style.js'),
      ]);
      console.log(formatRebuild(report, styleFor(process.stdout)));
    }
    return exitStatus;
  },
});
