import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { fuzz } from '../test/support/fuzz/run.js';
import { fuzzTargets } from '../test/support/fuzz/targets.js';

/** `npm run fuzz -- --runs 100000 MODULE.ko…`: mutations of real modules, for as long as you like. */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    runs: { type: 'string', default: '100000' },
    seed: { type: 'string', default: '1' },
    target: { type: 'string' },
  },
});
const directory = mkdtempSync(join(tmpdir(), 'kbuild-ts-fuzz-'));
const modules = positionals.map((path) => readFileSync(path));
const targets = await fuzzTargets(modules, directory);
rmSync(directory, { recursive: true });
const chosen = targets.filter(({ name }) => values.target === undefined || name === values.target);
const each = Math.ceil(Number(values.runs) / chosen.length);
for (const target of chosen) {
  const start = performance.now();
  const defects = await fuzz(target, each, Number(values.seed));
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  const memory = Math.round(process.memoryUsage().rss / 2 ** 20);
  console.log(
    `${target.name}: ${each} mutations in ${seconds} s, ${defects.length} defects, ${memory} MiB`,
  );
  for (const { randomSeed, problem } of defects.slice(0, 5))
    console.log(`  seed ${randomSeed}: ${problem}`);
  if (defects.length > 0) process.exitCode = 1;
}
