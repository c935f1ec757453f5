import { KbuildError } from '../../errors/kbuild-error.js';
import { defineCommand, type CommandContext } from '../command.js';
import { fetchOptions, jsonOption, verboseOption } from '../options.js';
import { runWithReporter } from '../session.js';
import type { LoadedKernel } from '../../workflow/loaded-kernel.js';
import type { ModuleTree } from '../../workflow/module-tree.js';

export const depsCommand = defineCommand({
  usage: 'deps <file..>',
  summary: 'Show which modules need which, and in which order they load',
  positionals: (argv) =>
    argv.positional('file', {
      type: 'string',
      describe: 'lib/modules/<release> or another directory; or single modules',
    }),
  options: {
    kdir: {
      type: 'string',
      requiresArg: true,
      describe: 'KDIR of the kernel that they are for: what nothing provides is found',
    },
    kernel: {
      type: 'string',
      requiresArg: true,
      alias: 'k',
      describe: 'The same as a reference: debian:<suite>/<release> or host',
    },
    'modules-dep': { boolean: true, default: false, describe: "Print depmod's modules.dep" },
    dot: { boolean: true, default: false, describe: 'Print the graph for Graphviz' },
    svg: { boolean: true, default: false, describe: 'Print the graph as SVG' },
    out: {
      type: 'string',
      alias: 'o',
      requiresArg: true,
      describe: 'Write all that depmod writes (modules.dep, modules.alias, …) into this directory',
    },
    ...fetchOptions,
    ...jsonOption,
    ...verboseOption,
  },
  examples: [
    ['deps dist --kernel debian:bookworm', 'What must be loaded first, and what is missing'],
    ['deps root --out root/lib/modules/6.1.0-56-arm64', 'depmod for a root of another machine'],
  ],
  async run(argv, context) {
    const kinds = [argv['modules-dep'], argv.dot, argv.svg, argv.json].filter(Boolean);
    if (kinds.length > 1) throw usage('--modules-dep, --dot, --svg and --json exclude each other');
    const named = argv.kdir ?? argv.kernel;
    if (named !== undefined && !argv.json && (kinds.length > 0 || argv.out !== undefined)) {
      throw usage(
        '--kernel and --kdir tell what is missing: leave out --modules-dep, --dot, --svg, --out',
      );
    }
    const [{ readModuleTree }, { writeOut }] = await Promise.all([
      import('../../workflow/module-tree.js'),
      import('../write-out.js'),
    ]);
    const tree = await readModuleTree([argv.file].flat().map(String));
    if (argv.out !== undefined) {
      const { writeDepmodFiles } = await import('../../workflow/deps.js');
      const paths = await writeDepmodFiles(tree, argv.out);
      if (kinds.length === 0) {
        await writeOut(paths.map((path) => `${path}\n`).join(''));
        return 0;
      }
    }
    if (argv['modules-dep']) {
      const { dependenciesText } = await import('../../module/depmod/depmod-texts.js');
      await writeOut(dependenciesText(tree.graph));
      return 0;
    }
    if (argv.dot || argv.svg) {
      const { toDot } = await import('../../module/depmod/dot.js');
      const dot = toDot(tree.graph);
      await writeOut(argv.dot ? dot : await toSvg(dot));
      return 0;
    }
    const { dependencies } = await import('../../workflow/deps.js');
    const report = dependencies(tree, await kernelOf(argv, tree, context));
    if (argv.json) {
      await writeOut(`${JSON.stringify({ schemaVersion: 1, ...report }, null, 2)}\n`);
    } else {
      const [{ formatDependencies }, { styleFor }] = await Promise.all([
        import('../deps-view.js'),
        import('../style.js'),
      ]);
      await writeOut(`${formatDependencies(report, styleFor(process.stdout), argv.verbose)}\n`);
    }
    return report.cycles.length > 0 || report.missing.length > 0 ? 3 : 0;
  },
});

async function kernelOf(
  argv: {
    kdir?: string | undefined;
    kernel?: string | undefined;
    json: boolean;
    verbose: boolean;
  },
  { elf }: ModuleTree,
  context: CommandContext,
): Promise<LoadedKernel | undefined> {
  const { kdir, kernel } = argv;
  if (kdir !== undefined && kernel !== undefined) throw usage('give --kdir or --kernel, not both');
  const path = kdir === undefined || /^[./~]/.test(kdir) ? kdir : `./${kdir}`;
  const ref = path ?? kernel;
  if (ref === undefined) return undefined;
  const [{ loadKernels }, { allArchs, archOfElf }] = await Promise.all([
    import('../../workflow/loaded-kernel.js'),
    import('../../arch/arch.js'),
  ]);
  const arch = elf && archOfElf(elf);
  const archs = arch === undefined ? allArchs() : [arch];
  const kernels = await runWithReporter(argv, context, (session) =>
    loadKernels([ref], archs, session),
  );
  if (kernels.length === 1) return kernels[0];
  const releases = kernels.map(({ kdir: found }) => found.release).join(', ');
  throw usage(`${ref} names several kernels (${releases}): name one release`);
}

async function toSvg(dot: string): Promise<string> {
  const { instance } = await import('@viz-js/viz');
  const viz = await instance();
  return viz.renderString(dot, { format: 'svg' });
}

function usage(message: string): KbuildError {
  return new KbuildError('USAGE', message, "'kbuild-ts deps --help' shows how.");
}
