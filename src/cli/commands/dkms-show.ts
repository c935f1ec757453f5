import { defineCommand } from '../command.js';
import { pathsPositional, planRequest, selectionOptions, verboseOption } from '../options.js';
import { runWithReporter } from '../session.js';

export const dkmsShowCommand = defineCommand({
  usage: 'show [dirs..]',
  summary: 'Print what a dkms.conf means for a kernel, as JSON',
  positionals: pathsPositional,
  options: { ...selectionOptions, ...verboseOption },
  examples: [
    ['dkms show -k debian:bookworm -a arm64', 'the dkms.conf of this directory'],
    ['dkms show acpi-call-dkms_1.2.2-2.1_all.deb -k debian:bookworm', 'that of a package'],
  ],
  async run(argv, context) {
    const { showDkmsSources } = await import('../../workflow/show-dkms.js');
    const { sources, unusable } = await runWithReporter(
      { ...argv, json: true },
      context,
      (session) => showDkmsSources(planRequest(argv), session),
    );
    console.log(JSON.stringify({ schemaVersion: 1, sources, unusable }, null, 2));
    const isWrong = sources.some(({ problems }) => problems.length > 0);
    return isWrong || unusable.length > 0 ? 2 : 0;
  },
});
