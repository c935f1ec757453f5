import { defineCommand } from '../command.js';
import { archOption, commaList, fetchOptions, jsonOption, verboseOption } from '../options.js';
import { runWithReporter } from '../session.js';

export const kernelListCommand = defineCommand({
  usage: 'list [ref]',
  summary: 'List the kernels that can be built for',
  positionals: (argv) =>
    argv.positional('ref', {
      type: 'string',
      describe: 'A distribution, debian:<suite>, a reference, or host; default: debian and host',
    }),
  options: {
    ...archOption,
    filter: { string: true, requiresArg: true, describe: "Only releases that match: '*-cloud-*'" },
    ...fetchOptions,
    ...jsonOption,
    ...verboseOption,
  },
  examples: [
    ['kernel list debian:bookworm --arch arm64', 'all kernels of Debian 12 for arm64'],
    ["kernel list debian --filter '*-cloud-*'", 'cloud flavours of every suite'],
  ],
  async run(argv, context) {
    const [{ listKernels }, { allArchs, archByName }, { formatTable }, { styleFor }, { writeOut }] =
      await Promise.all([
        import('../../workflow/list-kernels.js'),
        import('../../arch/arch.js'),
        import('../table.js'),
        import('../style.js'),
        import('../write-out.js'),
      ]);
    const named = commaList(argv.arch).map(archByName);
    const archs = named.length > 0 ? named : allArchs();
    const kernels = await runWithReporter(argv, context, (session) =>
      listKernels(argv.ref as string | undefined, archs, argv.filter, session),
    );
    if (argv.json) {
      await writeOut(`${JSON.stringify({ schemaVersion: 1, kernels }, null, 2)}\n`);
      return 0;
    }
    if (kernels.length === 0) {
      console.error('no kernel matches');
      return 0;
    }
    const rows = kernels.map(({ ref, arch, stock, fetched }) =>
      [ref, arch, stock ? 'stock' : '', fetched ? 'yes' : ''].map((text) => ({ text })),
    );
    const header = ['kernel', 'arch', '', 'fetched'];
    await writeOut(`${formatTable(header, rows, styleFor(process.stdout))}\n`);
    return 0;
  },
});
