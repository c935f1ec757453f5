import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';
import { writeParsedTexts } from './bundle/data.js';
import { bundledPackages } from './bundle/packages.js';

/**
 * Bundles the command line into lib/bundle/, which bin/ loads. Read one by one, its hundreds of files
 * take longer than a run that finds all in the cache. The library in lib/ stays as tsc makes it.
 *
 * All files lie side by side, two levels below the package's root: src/data/package-root.ts counts
 * them.
 */
const root = fileURLToPath(new URL('..', import.meta.url));
const directory = join(root, 'lib/bundle');

/** What every run of `build` and `plan` loads sooner or later: one file for all of it. */
const everyRun = [
  'cli/reporters/choose',
  'cli/result-table',
  'kernel/providers/path',
  'kernel/providers/repository',
  'kernel/user-repositories',
  'plan/reproduce',
  'storage/directories',
  'workflow/build',
].map((name) => join(root, `src/${name}.ts`));

writeParsedTexts(root);
const bundle = await rolldown({
  cwd: root,
  input: {
    main: 'src/cli/main.ts',
    // Configurations in TypeScript import it by its file (src/project/load-config.ts).
    'define-config': 'src/project/define-config.ts',
  },
  platform: 'node',
  // jiti has a compiler in files beside it, and the CycloneDX library asks for what need not be there;
  // viz and openpgp are one large file as they are.
  external: ['jiti', '@viz-js/viz', 'openpgp', '@cyclonedx/cyclonedx-library'],
  plugins: [bundledPackages()],
  transform: { target: 'node20.19' },
  // Some modules are imported late here and at once there: each command loads what it needs. And
  // how long the bundler takes says nothing of the bundle.
  checks: { ineffectiveDynamicImport: false, bundlerTimings: false },
  onLog: (level, { message }) => {
    // What a bundler warns of breaks when it runs.
    if (level === 'warn') throw new Error(message);
  },
});
const { output } = await bundle.write({
  dir: directory,
  format: 'esm',
  entryFileNames: '[name].js',
  chunkFileNames: '[name]-[hash].js',
  // By these a stack trace names the files of src/ (src/errors/source-places.ts).
  sourcemap: 'hidden',
  sourcemapExcludeSources: true,
  codeSplitting: {
    groups: [
      { name: 'cli', test: /\/src\/cli\/main\.ts$/, priority: 1 },
      { name: 'run', test: (id) => everyRun.includes(id) },
    ],
  },
});
await bundle.close();

const made = new Set(output.map(({ fileName }) => fileName));
for (const name of readdirSync(directory)) {
  if (!made.has(name)) rmSync(join(directory, name), { recursive: true }); // of an earlier build
}
const run = output.flatMap((file) => (file.type === 'chunk' && file.name === 'run' ? [file] : []));
const bundled = new Set(run.flatMap(({ moduleIds }) => moduleIds));
const missing = everyRun.find((id) => !bundled.has(id));
if (missing !== undefined) throw new Error(`${missing} is no part of the command line any more`);
