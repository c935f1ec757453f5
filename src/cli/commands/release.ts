import { defineCommand } from '../command.js';
import { jsonOption, list, pathsPositional, reporterOption, verboseOption } from '../options.js';
import { releaseOptions, releaseRequest } from '../release-options.js';
import { runRelease } from '../run-release.js';

export const releaseCommand = defineCommand({
  usage: 'release [dirs..]',
  summary: 'Build, verify, sign, test, package and attest, in one walk',
  positionals: pathsPositional,
  options: {
    ...releaseOptions,
    test: {
      boolean: true,
      default: true,
      describe: 'Load the modules in their kernels first; a case that fails stops the release',
    },
    append: list('Parameter for the kernels of the tests, for example module.sig_enforce=1'),
    accel: {
      choices: ['auto', 'kvm', 'tcg'] as const,
      default: 'auto' as const,
      describe: 'How a virtual machine runs: auto is KVM where it works, else TCG (emulation)',
    },
    ...reporterOption,
    ...jsonOption,
    ...verboseOption,
  },
  examples: [
    ['release -k debian:bookworm,debian:trixie -a arm64,x86_64', 'for four kernels'],
    ['release --key key.pem --cert cert.pem --format deb,rpm,oci', 'signed, in three formats'],
  ],
  run: (argv, context) =>
    runRelease(
      'release',
      {
        ...releaseRequest(argv, 'release'),
        tested: argv.test,
        attested: true,
        machine: { commandLine: argv.append ?? [], accelerator: argv.accel },
      },
      argv,
      context,
    ),
});
