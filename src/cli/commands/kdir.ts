import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { defineCommand } from '../command.js';
import { jsonOption, verboseOption } from '../options.js';
import { runWithReporter } from '../session.js';

export const kdirInspectCommand = defineCommand({
  usage: 'inspect <path>',
  summary: 'Show what a kernel build directory is, and whether it can build modules',
  positionals: (argv) =>
    argv.positional('path', {
      type: 'string',
      describe: 'Path of a KDIR, or a kernel such as debian:bookworm',
    }),
  options: { ...jsonOption, ...verboseOption },
  async run(argv, context) {
    const { inspectKdir } = await import('../../workflow/inspect-kdir.js');
    const text = String(argv.path);
    const isRef = !existsSync(text) && /^(debian:|host$)/.test(text);
    const reports = await runWithReporter(argv, context, (session) =>
      inspectKdir(isRef ? text : resolve(text), session),
    );
    if (argv.json) {
      console.log(JSON.stringify({ schemaVersion: 1, kdirs: reports }, null, 2));
      return 0;
    }
    for (const { kdir, toolchain, runs } of reports) {
      const { signing, hostTools } = kdir;
      const rows = {
        KDIR: kdir.path,
        release: kdir.release,
        arch: kdir.arch,
        compiler: kdir.compiler?.text ?? 'unknown',
        toolchain,
        vermagic: kdir.vermagic ?? 'cannot be computed (RANDSTRUCT)',
        MODVERSIONS: kdir.modversions ? 'yes' : 'no',
        signing: signing.enabled
          ? `${signing.force ? 'required' : 'known, not required'}, ${signing.hash ?? 'no hash configured'}`
          : 'not supported',
        compression: kdir.compression,
        symvers: `${kdir.symbols} symbols, ${kdir.symversPath}`,
        'host tools': `ELF machine ${hostTools.machine}, glibc ${hostTools.glibc ?? 'none (static)'}: ${runs}`,
        needs: kdir.mounts
          .map(({ source, target }) =>
            source === target ? target : `${target}\n${' '.repeat(15)}<- ${source}`,
          )
          .join(`\n${' '.repeat(12)}`),
      };
      for (const [name, value] of Object.entries(rows)) console.log(`${name.padEnd(11)} ${value}`);
      console.log('');
    }
    return 0;
  },
});
