import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { KbuildError } from '../../errors/kbuild-error.js';
import type { KdirReport } from '../../workflow/inspect-kdir.js';
import type { CommandContext } from '../command.js';
import { defineCommand } from '../command.js';
import { fetchOptions, jsonOption, verboseOption } from '../options.js';
import { runWithReporter } from '../session.js';
import type { Style } from '../style.js';

const what = 'Path of a KDIR, or a kernel such as debian:bookworm';

const options = { ...fetchOptions, ...jsonOption, ...verboseOption };

export const kdirInspectCommand = defineCommand({
  usage: 'inspect <path>',
  summary: 'Show what a kernel build directory is, and whether it can build modules',
  positionals: (argv) => argv.positional('path', { type: 'string', describe: what }),
  options,
  run: async (argv, context) => {
    const { formatInspection } = await import('../kdir-view.js');
    return report(
      [String(argv.path)],
      argv,
      context,
      (one, style) =>
        // An empty line parts one KDIR from the next.
        `${formatInspection(one, style)}\n`,
    );
  },
});

export const kdirCheckCommand = defineCommand({
  usage: 'check <path..>',
  summary: 'Find everything in kernel build directories that would break a build',
  positionals: (argv) => argv.positional('path', { type: 'string', array: true, describe: what }),
  options,
  examples: [
    ['kdir check ~/out', 'Can modules be built with it, and if not, what is to be done?'],
    ['kdir check debian:bookworm/6.1.0-56-arm64 --json', 'The same, of fetched headers'],
  ],
  run: async (argv, context) => {
    const { formatCheck } = await import('../kdir-view.js');
    return report((argv.path as string[]).map(String), argv, context, formatCheck);
  },
});

/** Looks at KDIRs, prints what there is to say, and gives 2 if one of them builds no module. */
async function report(
  names: readonly string[],
  argv: Parameters<typeof runWithReporter>[0],
  context: CommandContext,
  format: (report: KdirReport, style: Style) => string,
): Promise<0 | 2> {
  const [{ inspectKdirs }, { styleFor }] = await Promise.all([
    import('../../workflow/inspect-kdir.js'),
    import('../style.js'),
  ]);
  if (names.includes('')) {
    throw new KbuildError('USAGE', 'the path of a KDIR is empty', 'Name a KDIR or a kernel.');
  }
  const kdirs = await runWithReporter(argv, context, (session) =>
    inspectKdirs(names.map(asRef), session),
  );
  if (argv.json) console.log(JSON.stringify({ schemaVersion: 1, kdirs }, null, 2));
  else for (const one of kdirs) console.log(format(one, styleFor(process.stdout)));
  return kdirs.some(({ verdict }) => verdict === 'broken') ? 2 : 0;
}

/** What is there is a path; what is not may be the name of a kernel. */
const asRef = (text: string): string =>
  !existsSync(text) && /^(host(\/|$)|[\w.*?-]+:)/.test(text) ? text : resolve(text);
