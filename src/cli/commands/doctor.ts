import { defineCommand } from '../command.js';
import { jsonOption, verboseOption } from '../options.js';

export const doctorCommand = defineCommand({
  usage: 'doctor',
  summary: 'Check what builds need of this machine, and say how to mend what is missing',
  options: {
    fix: {
      boolean: true,
      default: false,
      describe: 'Mend it: install and start Docker (Debian, as root)',
    },
    ...jsonOption,
    ...verboseOption,
  },
  async run(argv, { signal }) {
    const [{ diagnose }, { cacheDirectory }, { chooseReporter }, { styleFor }] = await Promise.all([
      import('../../workflow/doctor.js'),
      import('../../storage/directories.js'),
      import('../reporters/choose.js'),
      import('../style.js'),
    ]);
    const cache = cacheDirectory();
    if (argv.fix) {
      const { repair } = await import('../../workflow/repair.js');
      const reporter = await chooseReporter(argv);
      const emit = reporter.onEvent.bind(reporter);
      await repair({ cache, emit, signal }).finally(() => reporter.close());
    }
    const checks = await diagnose({ cache });
    if (argv.json) console.log(JSON.stringify({ schemaVersion: 1, checks }, null, 2));
    else {
      const { paint } = styleFor(process.stdout);
      const colours = { ok: 'green', problem: 'red', note: 'yellow' } as const;
      for (const { name, status, detail, remedy } of checks) {
        console.log(`${paint(colours[status], status.padEnd(7))}  ${name.padEnd(7)}  ${detail}`);
        if (remedy !== undefined) console.log(`${' '.repeat(18)}${paint('cyan', remedy)}`);
      }
    }
    return checks.some(({ status }) => status === 'problem') ? 4 : 0;
  },
});
