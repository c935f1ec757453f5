import { defineCommand } from '../command.js';
import { archOption, commaList, fetchOptions, jsonOption, verboseOption } from '../options.js';
import { printError } from '../print-error.js';
import { runWithReporter } from '../session.js';

export const kernelFetchCommand = defineCommand({
  usage: 'fetch <ref..>',
  summary: 'Fetch the headers of kernels, so that builds need no network',
  positionals: (argv) =>
    argv.positional('ref', {
      type: 'string',
      array: true,
      describe: 'debian:<suite>, debian:<suite>/<release, glob or range>, …/latest',
    }),
  options: {
    ...archOption,
    refresh: { boolean: true, default: false, describe: 'Read the package index anew' },
    ...fetchOptions,
    ...jsonOption,
    ...verboseOption,
  },
  examples: [
    ["kernel fetch 'debian:*/latest'", 'the newest kernel of every suite, for every architecture'],
    ["kernel fetch 'debian:bookworm/6.1.0-50..6.1.0-56' -a arm64", 'a range of releases'],
  ],
  async run(argv, context) {
    const [{ resolveEach }, { allArchs, archByName }, { refreshIndex }, { exitStatus }] =
      await Promise.all([
        import('../../kernel/resolve.js'),
        import('../../arch/arch.js'),
        import('../../kernel/refresh.js'),
        import('../../errors/gravest.js'),
      ]);
    const refs = argv.ref as string[];
    const named = commaList(argv.arch).map(archByName);
    const archs = named.length > 0 ? named : allArchs();
    const all = await runWithReporter(argv, context, async ({ provider }) => {
      if (argv.refresh) await refreshIndex(refs, provider);
      return resolveEach(refs, archs, named.length > 0 ? named : undefined, provider);
    });
    const kernels = all.flatMap((one) => ('kdir' in one ? [{ ref: one.ref, ...one.kdir }] : []));
    const failed = all.flatMap((one) => ('error' in one ? [one] : []));
    if (argv.json) {
      const errors = failed.map(({ ref, release, arch, error }) => ({
        ...{ ref, release, arch },
        error: error.toReport(),
      }));
      console.log(JSON.stringify({ schemaVersion: 1, kernels, errors }, null, 2));
    } else {
      for (const { ref, arch } of kernels) console.log(`${ref}  ${arch}`);
      for (const { error } of failed) printError(error, false);
    }
    return exitStatus(failed.map(({ error }) => error.code));
  },
});
