import { defineCommand } from '../command.js';
import { jsonOption } from '../options.js';

export const inspectCommand = defineCommand({
  usage: 'inspect <file..>',
  summary: 'Show what a kernel module says of itself',
  positionals: (argv) =>
    argv.positional('file', { type: 'string', describe: 'Kernel modules (.ko)' }),
  options: { ...jsonOption },
  async run(argv) {
    const [{ inspectFile }, { styleFor, withoutControls }, { formatSize }] = await Promise.all([
      import('../../workflow/inspect.js'),
      import('../style.js'),
      import('../units.js'),
    ]);
    const artifacts = [];
    for (const file of [argv.file].flat().map(String)) artifacts.push(await inspectFile(file));
    if (argv.json) {
      console.log(JSON.stringify({ schemaVersion: 1, artifacts }, null, 2));
      return 0;
    }
    const { paint } = styleFor(process.stdout);
    for (const { path, size, sha256, elf, modinfo, signature } of artifacts) {
      const rows: [string, string][] = [
        ['size', `${formatSize(size)} (${size} bytes)`],
        ['sha256', sha256],
        ['machine', `${elf.machine} (${elf.class}-bit, ${elf.endian}-endian)`],
        ...Object.entries(modinfo).flatMap(([tag, values]) =>
          values.map((value): [string, string] => [tag, value]),
        ),
        [
          'signature',
          signature === null
            ? 'none'
            : `${signature.signer} (${signature.hash}, key ${signature.keyId})`,
        ],
      ];
      console.log(paint('bold', withoutControls(path)));
      for (const [name, value] of rows) {
        console.log(
          `  ${paint('dim', withoutControls(name).padEnd(12))} ${withoutControls(value)}`,
        );
      }
    }
    return 0;
  },
});
