import { KbuildError } from '../../errors/kbuild-error.js';
import { defineCommand } from '../command.js';
import { jsonOption } from '../options.js';
import type { ModuleFormat } from '../inspect/format-modules.js';

export const inspectCommand = defineCommand({
  usage: 'inspect <file..>',
  summary: 'Show what kernel modules say of themselves',
  positionals: (argv) =>
    argv.positional('file', {
      type: 'string',
      describe: 'Modules (.ko, .ko.gz, .ko.xz, .ko.zst), directories of them, globs',
    }),
  options: {
    field: {
      type: 'string',
      alias: 'F',
      requiresArg: true,
      describe: 'Print the values of one field alone, as modinfo -F does: license, parm, imports…',
    },
    all: {
      boolean: true,
      default: false,
      describe: 'Of several modules, show symbols and sections too; of one they are always shown',
    },
    ...jsonOption,
  },
  examples: [
    ['inspect dist', 'All modules below a directory'],
    ['inspect foo.ko --field vermagic', 'One field, for scripts'],
  ],
  async run(argv) {
    const [{ formatModules }, { writeOut }, { modulePaths }, { printError }] = await Promise.all([
      import('../inspect/format-modules.js'),
      import('../write-out.js'),
      import('../../workflow/module-paths.js'),
      import('../print-error.js'),
    ]);
    if (argv.json && argv.field !== undefined) {
      throw new KbuildError(
        'USAGE',
        '--json and --field exclude each other',
        'Take --json, and the field out of it.',
      );
    }
    const paths = await modulePaths([argv.file].flat().map(String));
    const all = argv.all || paths.length === 1;
    const format = formatOf(argv.json, argv.field, all);
    const errors: KbuildError[] = [];
    const between = argv.json ? ',\n' : '';
    if (argv.json) await writeOut('{"schemaVersion":1,"modules":[\n');
    let before = '';
    for await (const { texts, errors: failed } of formatModules(paths, format)) {
      errors.push(...failed);
      if (texts.length === 0) continue;
      if (!(await writeOut(before + texts.join(between)))) return 0;
      before = between;
    }
    if (argv.json) {
      const reports = errors.map((error) => error.toReport());
      await writeOut(`],\n"errors":${JSON.stringify(reports)}}\n`);
    }
    for (const error of errors) printError(error, false);
    return errors[0]?.exitStatus ?? 0;
  },
});

function formatOf(json: boolean, field: string | undefined, all: boolean): ModuleFormat {
  if (json) return { kind: 'json' };
  if (field !== undefined) return { kind: 'field', field };
  return { kind: 'text', width: process.stdout.isTTY ? process.stdout.columns : 100, all };
}
