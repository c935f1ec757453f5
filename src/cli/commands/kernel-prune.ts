import { defineCommand } from '../command.js';
import { fetchOptions, jsonOption, verboseOption } from '../options.js';
import { runWithReporter } from '../session.js';
import { formatSize, parseDuration } from '../units.js';

export const kernelPruneCommand = defineCommand({
  usage: 'prune [ref..]',
  summary: 'Remove kernels from the cache that are named, or that nothing has used for long',
  positionals: (argv) =>
    argv.positional('ref', {
      type: 'string',
      array: true,
      describe: "Kernels to remove whatever their age: debian:bookworm, 'debian:*/*-cloud-*'",
    }),
  options: {
    'unused-for': {
      string: true,
      requiresArg: true,
      describe: 'Remove what nothing has used for so long; default, if no kernel is named: 30d',
    },
    'dry-run': { boolean: true, default: false, describe: 'Tell what would go, remove nothing' },
    repository: fetchOptions.repository,
    ...jsonOption,
    ...verboseOption,
  },
  async run(argv, context) {
    const { prune } = await import('../../workflow/prune.js');
    const refs = (argv.ref ?? []) as string[];
    const age = argv['unused-for'] ?? (refs.length > 0 ? undefined : '30d');
    const request = {
      refs,
      unusedFor: age === undefined ? undefined : parseDuration(age, 'unused-for'),
      dryRun: argv['dry-run'],
    };
    const pruned = await runWithReporter(argv, context, (session) => prune(request, session));
    if (argv.json) {
      console.log(JSON.stringify({ schemaVersion: 1, dryRun: request.dryRun, pruned }, null, 2));
      return 0;
    }
    for (const { kind, name, size } of pruned) {
      console.log(`${kind.padEnd(8)}${formatSize(size).padStart(9)}  ${name}`);
    }
    const total = pruned.reduce((sum, { size }) => sum + size, 0);
    const verb = request.dryRun ? 'would be freed' : 'freed';
    console.log(pruned.length === 0 ? 'nothing to remove' : `${formatSize(total)} ${verb}`);
    return 0;
  },
});
