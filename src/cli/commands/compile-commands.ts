import { defineCommand } from '../command.js';
import { directoryPositional, planRequest, selectionOptions, verboseOption } from '../options.js';
import { runWithReporter } from '../session.js';
import { parseDuration, parseSize } from '../units.js';

/** Of many jobs, so many are named. */
const shownJobs = 3;

export const compileCommandsCommand = defineCommand({
  usage: 'compile-commands [dir]',
  summary: 'Write compile_commands.json: clangd and clang-tidy then work in the editor',
  positionals: directoryPositional,
  options: {
    ...selectionOptions,
    out: {
      string: true,
      requiresArg: true,
      alias: 'o',
      describe: 'File to write, - for stdout; default: compile_commands.json in the directory',
    },
    'job-memory': {
      string: true,
      default: '4g',
      requiresArg: true,
      describe: 'Memory limit of the compile of a project',
    },
    disk: {
      string: true,
      default: '2g',
      requiresArg: true,
      describe: 'Scratch space of the compile; lies in memory',
    },
    timeout: {
      string: true,
      default: '30m',
      requiresArg: true,
      describe: 'Time limit of the compile',
    },
    ...verboseOption,
  },
  examples: [
    ['compile-commands', 'for the newest kernel that the configuration names'],
    ['compile-commands drv -k debian:trixie -a arm64', 'as it is compiled for arm64'],
  ],
  async run(argv, context) {
    const [{ findCompileCommands }, { writeFileAtomic }, { displayPath }, { isDirectory }, path] =
      await Promise.all([
        import('../../workflow/compile-commands.js'),
        import('../../storage/atomic.js'),
        import('../display-path.js'),
        import('../../kernel/kdir.js'),
        import('node:path'),
      ]);
    const { out, ...selection } = argv;
    const request = {
      ...planRequest({ ...selection, dirs: argv.dir }),
      limits: {
        memoryBytes: parseSize(argv['job-memory'], 'job-memory'),
        diskBytes: parseSize(argv.disk, 'disk'),
        timeoutMs: parseDuration(argv.timeout, 'timeout'),
      },
    };
    const report = await runWithReporter({ ...argv, json: false }, context, (session) =>
      findCompileCommands(request, session),
    );
    const { database, jobs, candidates, leftOut } = report;
    const foreign = leftOut.filter(({ why }) => why === 'GCC');
    const ids = jobs.slice(0, shownJobs).map(({ id }) => id);
    const more = jobs.length > shownJobs ? ` and ${jobs.length - shownJobs} more` : '';
    console.error(`as compiled by ${ids.join(', ')}${more}`);
    if (candidates > jobs.length) {
      console.error(`(of ${candidates} jobs; choose others with --kernel, --arch, --toolchain)`);
    }
    if (foreign.length > 0) {
      const names = argv.verbose ? `: ${foreign.map(({ option }) => option).join(' ')}` : '';
      console.error(`left out ${foreign.length} options that are GCC's alone${names}`);
    }
    const text = `${JSON.stringify(database, null, 2)}\n`;
    if (out === '-') {
      process.stdout.write(text);
      return 0;
    }
    // Of an archive, it goes into the working directory.
    const name = 'compile_commands.json';
    const place = path.resolve(out ?? String(argv.dir));
    const file = isDirectory(place) ? path.join(place, name) : path.resolve(out ?? name);
    await writeFileAtomic(file, text);
    console.log(`wrote ${displayPath(file)} (${database.length} sources)`);
    return 0;
  },
});
