import { defineCommand } from '../command.js';
import { directoryPositional } from '../options.js';

export const generateCiCommand = defineCommand({
  usage: 'ci [provider] [dir]',
  summary: 'Write a workflow for GitHub or GitLab: build, report, release',
  positionals: (argv) =>
    directoryPositional(
      argv.positional('provider', {
        choices: ['github', 'gitlab'],
        default: 'github',
        describe: 'The CI system',
      }),
    ),
  options: {
    out: {
      string: true,
      requiresArg: true,
      alias: 'o',
      describe: 'File; default: the system’s own',
    },
    stdout: { boolean: true, default: false, describe: 'Print it and write nothing' },
    force: { boolean: true, default: false, describe: 'Write over a file that was changed' },
  },
  examples: [
    ['generate ci', '.github/workflows/kbuild-ts.yml'],
    ['generate ci gitlab drivers', '.gitlab-ci.yml, for the workspace in drivers'],
  ],
  async run(argv) {
    const [{ ciProviders, generateCi }, { displayPath }] = await Promise.all([
      import('../../workflow/generate-ci.js'),
      import('../display-path.js'),
    ]);
    const { path, text } = await generateCi({
      provider: ciProviders.find((name) => name === argv.provider) ?? 'github',
      directory: String(argv.dir),
      output: argv.out,
      dryRun: argv.stdout,
      force: argv.force,
    });
    if (argv.stdout) process.stdout.write(text);
    else console.log(`wrote ${displayPath(path)}`);
    return 0;
  },
});
