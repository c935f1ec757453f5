import { defineCommand } from '../command.js';
import { directoryPositional } from '../options.js';

export const generateMakefileCommand = defineCommand({
  usage: 'makefile [dir]',
  summary: 'Write the Kbuild and an out-of-tree Makefile that a kbuild.config describes',
  positionals: directoryPositional,
  options: {
    stdout: { boolean: true, default: false, describe: 'Print them and write nothing' },
  },
  async run(argv) {
    const [{ generateMakefile }, { displayPath }] = await Promise.all([
      import('../../workflow/generate.js'),
      import('../display-path.js'),
    ]);
    const { stdout } = argv;
    const files = await generateMakefile(String(argv.dir), { dryRun: stdout });
    for (const { path, text } of files) {
      if (stdout) console.log(`# --- ${displayPath(path)}\n${text}`);
      else console.log(`wrote ${displayPath(path)}`);
    }
    return 0;
  },
});
