import { existsSync } from 'node:fs';
import { KbuildError } from '../../errors/kbuild-error.js';
import { defineCommand } from '../command.js';
import { commaList, fetchOptions, jsonOption, verboseOption } from '../options.js';
import { runWithReporter } from '../session.js';

const list = (describe: string) =>
  ({ type: 'string', array: true, requiresArg: true, describe }) as const;

export const verifyCommand = defineCommand({
  usage: 'verify [file..]',
  summary: 'Say whether a kernel would load modules, and why not',
  positionals: (argv) =>
    argv.positional('file', {
      type: 'string',
      describe: 'Modules (.ko, .ko.gz, .ko.xz, .ko.zst), directories of them, globs',
    }),
  options: {
    kdir: list('Path of the kernel build directory to hold them against'),
    kernel: { ...list('Kernel: debian:<suite>, debian:<suite>/<release> or host'), alias: 'k' },
    cert: list('X.509 certificates that the kernel trusts, PEM or DER'),
    'kernel-image': {
      type: 'string',
      requiresArg: true,
      describe: "The kernel's image (vmlinuz, Image): the certificates built into it are trusted",
    },
    strict: {
      boolean: true,
      default: false,
      describe:
        'Take modules of this very release alone, warnings as errors, and signatures as enforced (lockdown)',
    },
    'kmi-symbol-list': {
      type: 'string',
      requiresArg: true,
      describe: 'Android KMI symbol list: modules may use its symbols alone',
    },
    diff: list(
      'Another kernel (KDIR or reference): what changed, and which modules it would load too',
    ),
    ...fetchOptions,
    ...jsonOption,
    ...verboseOption,
  },
  examples: [
    ['verify dist --kernel debian:bookworm', 'Would Debian 12 load them?'],
    ['verify foo.ko --kdir A --diff B', 'Can one binary serve both kernels?'],
  ],
  async run(argv, context) {
    const files = [argv.file]
      .flat()
      .filter((file) => file !== undefined)
      .map(String);
    const kernels = [...(argv.kdir ?? []).map(asPath), ...commaList(argv.kernel)];
    const against = commaList(argv.diff).map((text) => (existsSync(text) ? asPath(text) : text));
    if (kernels.length === 0) {
      throw usage('name the kernel: --kdir PATH, or --kernel debian:bookworm or the like');
    }
    if (files.length === 0 && against.length === 0) throw usage('name the modules to verify');
    const { verify } = await import('../../workflow/verify.js');
    const report = await runWithReporter(argv, context, (session) =>
      verify(
        {
          files,
          kernels,
          against,
          certificates: argv.cert ?? [],
          kernelImage: argv['kernel-image'],
          kmiSymbolList: argv['kmi-symbol-list'],
          strict: argv.strict,
        },
        session,
      ),
    );
    if (argv.json) console.log(JSON.stringify({ schemaVersion: 1, ...report }, null, 2));
    else {
      const [{ formatVerification }, { styleFor }] = await Promise.all([
        import('../verify-view.js'),
        import('../style.js'),
      ]);
      console.log(formatVerification(report, styleFor(process.stdout), argv.verbose));
    }
    return report.modules.some(({ loads }) => loads === 'no') ? 3 : 0;
  },
});

/** A path that cannot be taken for the name of a kernel. */
const asPath = (path: string): string => (/^[./~]/.test(path) ? path : `./${path}`);

function usage(message: string): KbuildError {
  return new KbuildError('USAGE', message, "'kbuild-ts verify --help' shows how.");
}
