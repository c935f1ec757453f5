import { defineCommand } from '../command.js';
import { commaList, jsonOption, verboseOption } from '../options.js';
import { runWithReporter } from '../session.js';

const archOption = {
  arch: {
    type: 'string',
    array: true,
    requiresArg: true,
    alias: 'a',
    describe: 'Architectures; default: all',
  },
} as const;

export const kernelListCommand = defineCommand({
  usage: 'list [ref]',
  summary: 'List the kernels that can be built for',
  positionals: (argv) =>
    argv.positional('ref', { type: 'string', describe: 'debian:<suite> or host; default: all' }),
  options: { ...archOption, ...jsonOption, ...verboseOption },
  async run(argv, context) {
    const [
      { listKernels },
      { allArchs, archByName },
      { allSuites },
      { formatTable },
      { styleFor },
    ] = await Promise.all([
      import('../../kernel/resolve.js'),
      import('../../arch/arch.js'),
      import('../../kernel/suite.js'),
      import('../table.js'),
      import('../style.js'),
    ]);
    const named = commaList(argv.arch).map(archByName);
    const archs = named.length > 0 ? named : allArchs();
    const everything = allSuites().map(({ distribution, name }) => `${distribution}:${name}`);
    const refs = argv.ref === undefined ? everything : [argv.ref as string];
    const kernels = await runWithReporter(argv, context, async ({ provider }) => {
      const lists = [];
      for (const ref of refs) lists.push(await listKernels(ref, archs, provider));
      return lists.flat();
    });
    if (argv.json) console.log(JSON.stringify({ schemaVersion: 1, kernels }, null, 2));
    else {
      const rows = kernels.map(({ ref, arch, fetched }) =>
        [ref, arch, fetched ? 'yes' : ''].map((text) => ({ text })),
      );
      console.log(formatTable(['kernel', 'arch', 'fetched'], rows, styleFor(process.stdout)));
    }
    return 0;
  },
});

export const kernelFetchCommand = defineCommand({
  usage: 'fetch <ref..>',
  summary: 'Fetch the headers of kernels, so that builds need no network',
  positionals: (argv) =>
    argv.positional('ref', {
      type: 'string',
      array: true,
      describe: 'debian:<suite> or debian:<suite>/<release>',
    }),
  options: {
    ...archOption,
    refresh: { boolean: true, default: false, describe: 'Read the package index anew' },
    ...jsonOption,
    ...verboseOption,
  },
  async run(argv, context) {
    const [{ resolveKernels }, { allArchs, archByName }, { refreshIndex }] = await Promise.all([
      import('../../kernel/resolve.js'),
      import('../../arch/arch.js'),
      import('../../kernel/refresh.js'),
    ]);
    const refs = argv.ref as string[];
    const named = commaList(argv.arch).map(archByName);
    const archs = named.length > 0 ? named : allArchs();
    const kernels = await runWithReporter(argv, context, async ({ provider }) => {
      if (argv.refresh) await refreshIndex(refs, provider);
      return resolveKernels(refs, archs, named.length > 0 ? named : undefined, provider);
    });
    if (argv.json) console.log(JSON.stringify({ schemaVersion: 1, kernels }, null, 2));
    else for (const { release, arch, path } of kernels) console.log(`${release}  ${arch}  ${path}`);
    return 0;
  },
});
