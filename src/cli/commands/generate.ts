import { defineCommand } from '../command.js';
import { directoryPositional, jsonOption } from '../options.js';
import { packageVersionOption } from './dkms-pack.js';

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

export const generateDkmsCommand = defineCommand({
  usage: 'dkms [dir]',
  summary: 'Write a project as a source tree that dkms takes: dkms.conf, Kbuild, Makefile, sources',
  positionals: directoryPositional,
  options: {
    out: {
      string: true,
      requiresArg: true,
      alias: 'o',
      describe: 'Directory of the tree; default: dkms/<name>-<version> in the output directory',
    },
    ...packageVersionOption,
    ...jsonOption,
  },
  async run(argv) {
    const [{ generateDkms }, { displayPath }] = await Promise.all([
      import('../../workflow/generate-dkms.js'),
      import('../display-path.js'),
    ]);
    const trees = await generateDkms({
      directory: String(argv.dir),
      output: argv.out,
      version: argv['package-version'],
    });
    if (argv.json) {
      console.log(JSON.stringify({ schemaVersion: 1, trees }, null, 2));
      return 0;
    }
    for (const { directory, files } of trees) {
      console.log(`wrote ${displayPath(directory)} (${files.length} files)`);
    }
    return 0;
  },
});
