import { defineCommand } from '../command.js';
import { buildDepOption, buildDeps, fetchOptions, jsonOption, verboseOption } from '../options.js';
import { runWithReporter } from '../session.js';

export const toolchainListCommand = defineCommand({
  usage: 'list',
  summary: 'List the toolchains and the architectures that they build for',
  options: { ...jsonOption },
  async run(argv) {
    const [{ allToolchains }, { allArchs }, { formatTable }, { styleFor }] = await Promise.all([
      import('../../toolchain/toolchain.js'),
      import('../../arch/arch.js'),
      import('../table.js'),
      import('../style.js'),
    ]);
    const archs = allArchs().map(({ name }) => name);
    const toolchains = allToolchains().map(({ name, family, major, suite }) => ({
      name,
      family,
      major,
      suite,
      archs,
    }));
    if (argv.json) console.log(JSON.stringify({ schemaVersion: 1, toolchains }, null, 2));
    else {
      const rows = toolchains.map(({ name, family, major, suite }) =>
        [name, `${family} ${major}`, suite, archs.join(', ')].map((text) => ({ text })),
      );
      const header = ['toolchain', 'compiler', 'image of', 'architectures'];
      console.log(formatTable(header, rows, styleFor(process.stdout)));
    }
    return 0;
  },
});

export const toolchainBuildCommand = defineCommand({
  usage: 'build [name..]',
  summary: 'Make the images of toolchains (all, if none is named)',
  positionals: (argv) => argv.positional('name', { type: 'string', array: true, default: [] }),
  options: {
    'build-dep': buildDepOption['build-dep'],
    'allow-expired': fetchOptions['allow-expired'],
    ...verboseOption,
    ...jsonOption,
  },
  async run(argv, context) {
    const { allToolchains, toolchainByName } = await import('../../toolchain/toolchain.js');
    const names = argv.name as string[];
    const toolchains = names.length === 0 ? allToolchains() : names.map(toolchainByName);
    const packages = buildDeps(argv);
    const images = await runWithReporter(argv, context, async (session) => {
      const made = [];
      for (const toolchain of toolchains) {
        const { id } = await session.toolchainImage(toolchain, packages);
        made.push({ toolchain: toolchain.name, id });
      }
      return made;
    });
    if (argv.json) console.log(JSON.stringify({ schemaVersion: 1, images }, null, 2));
    else for (const { toolchain, id } of images) console.log(`${toolchain}  ${id}`);
    return 0;
  },
});
