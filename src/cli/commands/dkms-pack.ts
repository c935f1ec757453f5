import { KbuildError } from '../../errors/kbuild-error.js';
import { defineCommand } from '../command.js';
import { commaList, directoryPositional, jsonOption, list, verboseOption } from '../options.js';
import { runWithReporter } from '../session.js';
import { formatSize } from '../units.js';

const formats = ['deb', 'rpm', 'tarball', 'binary-tarball'] as const;
type Format = (typeof formats)[number];

export const packageVersionOption = {
  'package-version': {
    string: true,
    requiresArg: true,
    describe: 'Version of the DKMS package; default: the configuration’s version',
  },
} as const;

export const dkmsPackCommand = defineCommand({
  usage: 'pack [dir]',
  summary: 'Make DKMS packages of a project: .deb, .rpm, tarballs',
  positionals: directoryPositional,
  options: {
    format: list('deb, rpm, tarball, binary-tarball; default: the first three'),
    out: {
      string: true,
      requiresArg: true,
      alias: 'o',
      describe: 'Directory for the packages; default: dkms in the project’s output directory',
    },
    ...packageVersionOption,
    from: {
      string: true,
      requiresArg: true,
      describe: 'Output directory of the build whose modules go into binary tarballs',
    },
    'binaries-only': {
      boolean: true,
      default: false,
      describe: 'Leave the sources out of binary tarballs',
    },
    ...jsonOption,
    ...verboseOption,
  },
  examples: [
    ['dkms pack', 'A .deb, an .rpm and a tarball of the sources in dist/dkms/'],
    ['dkms pack --format binary-tarball', 'The modules of the last build, to install uncompiled'],
  ],
  async run(argv, context) {
    const [{ packDkms }, { displayPath }] = await Promise.all([
      import('../../workflow/pack-dkms.js'),
      import('../display-path.js'),
    ]);
    const request = {
      directory: String(argv.dir),
      formats: chosenFormats(commaList(argv.format)),
      output: argv.out,
      version: argv['package-version'],
      from: argv.from,
      binariesOnly: argv['binaries-only'],
    };
    if (!request.formats.includes('binary-tarball') && (argv.from || request.binariesOnly)) {
      throw new KbuildError(
        'USAGE',
        `${argv.from ? '--from' : '--binaries-only'} is for binary tarballs, and none is asked for`,
        'Add --format binary-tarball.',
      );
    }
    const packages = await runWithReporter(argv, context, (session) => packDkms(request, session));
    if (argv.json) {
      console.log(JSON.stringify({ schemaVersion: 1, packages }, null, 2));
      return 0;
    }
    for (const { path, size, sha256 } of packages) {
      console.log(`${displayPath(path)}  ${formatSize(size)}  sha256 ${sha256}`);
    }
    return 0;
  },
});

function chosenFormats(given: readonly string[]): Format[] {
  if (given.length === 0) return ['deb', 'rpm', 'tarball'];
  return [...new Set(given)].map((name) => {
    const format = formats.find((known) => known === name);
    if (format !== undefined) return format;
    throw new KbuildError(
      'USAGE',
      `--format ${name}: there is no such format`,
      `Formats are: ${formats.join(', ')}.`,
    );
  });
}
