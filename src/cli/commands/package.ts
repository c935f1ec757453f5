import { defineCommand } from '../command.js';
import { jsonOption, pathsPositional, reporterOption, verboseOption } from '../options.js';
import { releaseOptions, releaseRequest } from '../release-options.js';
import { runRelease } from '../run-release.js';

export const packageCommand = defineCommand({
  usage: 'package [dirs..]',
  summary: 'Build modules and make packages of them that customers install',
  positionals: pathsPositional,
  options: { ...releaseOptions, ...reporterOption, ...jsonOption, ...verboseOption },
  examples: [
    ['package -k debian:bookworm -a arm64,x86_64', 'packages of three formats for two kernels'],
    ['package --format deb,dkms --key key.pem --cert cert.pem', 'signed; and the sources for dkms'],
  ],
  run: (argv, context) => runRelease('package', releaseRequest(argv, 'packages'), argv, context),
});
