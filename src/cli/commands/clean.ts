import { defineCommand } from '../command.js';
import { directoryPositional, selectionOptions } from '../options.js';

export const cleanCommand = defineCommand({
  usage: 'clean [dir]',
  summary:
    'Remove what kbuild-ts made: the output of a project, or with --all its caches and images',
  positionals: directoryPositional,
  options: {
    out: selectionOptions.out,
    all: {
      boolean: true,
      default: false,
      describe: 'Instead: the job cache, fetched kernels, and our images',
    },
  },
  async run(argv) {
    const [{ cleanAll, cleanOutput }, { displayPath }] = await Promise.all([
      import('../../workflow/clean.js'),
      import('../display-path.js'),
    ]);
    const removed = argv.all ? await cleanAll() : await cleanOutput(String(argv.dir), argv.out);
    for (const name of removed) console.log(`removed ${displayPath(name)}`);
    if (removed.length === 0) console.log('nothing to remove');
    return 0;
  },
});
