/**
 * Measures kbuild-ts beside what a user would run without it, in one run:
 *   npm run bench [-- --runs 9] [--only start,hello,…]
 * Prints a table and writes it, with the machine's description, to bench/results/. Ends with 1 if a
 * goal is missed. Groups: groups.ts; what each of them is: docs/performance.md.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { groups } from './groups.js';
import type { Measured } from './group.js';
import { describeMachine } from './machine.js';
import { formatRows, formatTable, isMet } from './row.js';
import { Workplace } from './workplace.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const { values } = parseArgs({
  options: { runs: { type: 'string', default: '5' }, only: { type: 'string' } },
});
const runs = Number(values.runs);
if (!Number.isInteger(runs) || runs < 1) throw new Error(`--runs ${values.runs}: not a number`);
const all = Object.keys(groups);
const chosen = values.only?.split(',') ?? all;
const unknown = chosen.filter((name) => !all.includes(name));
if (unknown.length > 0) throw new Error(`no group ${unknown.join(', ')}: ${all.join(', ')}`);

const bin = join(root, 'bin/kbuild-ts.js');
const workplace = new Workplace(bin);
const measured: (Measured & { name: string; seconds: number })[] = [];
try {
  for (const name of chosen) {
    const start = performance.now();
    const group = await groups[name]!({ bin, examples: join(root, 'examples'), runs, workplace });
    const seconds = (performance.now() - start) / 1000;
    measured.push({ name, seconds, ...group });
    // So that a run of half an hour shows what it has, and a fault later loses nothing.
    console.error(`${name}: ${seconds.toFixed(0)} s\n${formatRows(group.rows)}\n`);
  }
} finally {
  await workplace.remove();
}

const rows = measured.flatMap((group) => group.rows);
const date = new Date().toISOString().slice(0, 10);
const counts = [...new Set(rows.map((row) => row.measured.values.length))].sort((a, b) => b - a);
const head = `# kbuild-ts bench, ${date}\n\n${await describeMachine()}. Medians of ${counts.join(' or ')} runs each, in turn.`;
const notes = measured.flatMap((group) => group.notes ?? []);
const took = formatTable(
  ['group', 'took'],
  measured.map(({ name, seconds }) => [name, `${seconds.toFixed(0)} s`]),
);
const text = `${[head, formatRows(rows), ...notes, took].join('\n\n')}\n`;
console.log(text);
const results = join(root, 'bench/results');
await mkdir(results, { recursive: true });
const suffix = values.only === undefined ? '' : `-${chosen.join('-')}`;
await writeFile(join(results, `${date}${suffix}.md`), text);
if (!rows.every(isMet)) process.exitCode = 1;
