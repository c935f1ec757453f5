/**
 * Measures what kbuild-ts adds to what a user would run without it, side by side in one run:
 *   npm run bench [-- --runs 9]
 * Prints a table and writes it, with the machine's description, to bench/results/.
 */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { execa } from 'execa';
import { race, type Contestant, type Timing } from './measure.js';

interface Row {
  what: string;
  against: string;
  measured: Timing;
  baseline: Timing;
  /** The most that may be added, in seconds. */
  goal: number;
}

const root = fileURLToPath(new URL('..', import.meta.url));
const bin = join(root, 'bin/kbuild-ts.js');
const hello = join(root, 'examples/hello');
const { values } = parseArgs({ options: { runs: { type: 'string', default: '7' } } });
const runs = Number(values.runs);

const node: Contestant = { name: 'node -e 0', command: ['node', '-e', '0'] };

async function startup(option: string): Promise<Row> {
  const what = `kbuild-ts ${option}`;
  const [measured, baseline] = await race(
    [{ name: what, command: ['node', bin, option] }, node],
    runs,
  );
  return { what, against: node.name, measured: measured!, baseline: baseline!, goal: 0.1 };
}

/** The bare compile of the same job: the same image, mounts and make line, and nothing else. */
async function bareCommand(arch: string): Promise<string> {
  const { stdout } = await execa('node', [bin, 'plan', hello, '--arch', arch, '--json']);
  const [job] = (JSON.parse(stdout) as { jobs: { make: string[]; reproduce: string }[] }).jobs;
  const options = job!.reproduce.slice(0, job!.reproduce.indexOf(" sh -c '"));
  const make = [job!.make[0], '-j2', ...job!.make.slice(1)].join(' ');
  return `${options} sh -c 'cp -R /src/. /build && ${make}'`;
}

async function overhead(arch: string): Promise<Row> {
  const out = join(tmpdir(), `kbuild-ts-bench-${process.pid}`);
  // Images and headers are made ready first: they are not what is measured here.
  await execa('node', [bin, 'build', hello, '--arch', arch, '--out', out]);
  const what = `build of hello, ${arch}, nothing cached`;
  const contestants: Contestant[] = [
    {
      name: what,
      command: ['node', bin, 'build', hello, '--arch', arch, '--out', out, '--no-cache'],
      reset: () => rm(out, { recursive: true, force: true }),
    },
    { name: 'docker run … make', command: ['sh', '-c', await bareCommand(arch)] },
  ];
  const [measured, baseline] = await race(contestants, runs);
  return {
    what,
    against: 'the bare docker run … make',
    measured: measured!,
    baseline: baseline!,
    goal: 0.35,
  };
}

async function unchanged(arch: string): Promise<Row> {
  const out = join(tmpdir(), `kbuild-ts-bench-${process.pid}`);
  const what = `build of hello, ${arch}, unchanged`;
  const command: Contestant['command'] = [
    'node',
    bin,
    'build',
    hello,
    '--arch',
    arch,
    '--out',
    out,
  ];
  const [measured, baseline] = await race([{ name: what, command }, node], runs);
  await rm(out, { recursive: true, force: true });
  return { what, against: node.name, measured: measured!, baseline: baseline!, goal: 0.35 };
}

function format(rows: readonly Row[]): string {
  const header =
    '| what | against | it | baseline | added | goal | |\n|---|---|---|---|---|---|---|';
  const lines = rows.map(({ what, against, measured, baseline, goal }) => {
    const added = measured.median - baseline.median;
    const seconds = (n: number) => `${n.toFixed(3)} s`;
    const verdict = added <= goal ? 'met' : 'MISSED';
    return `| ${what} | ${against} | ${seconds(measured.median)} | ${seconds(baseline.median)} | +${seconds(added)} | ≤ +${seconds(goal)} | ${verdict} |`;
  });
  return [header, ...lines].join('\n');
}

const rows = [
  await startup('--version'),
  await startup('--help'),
  await overhead('arm64'),
  await overhead('x86_64'),
  await unchanged('arm64'),
];
const [cpu] = cpus();
const machine = `${cpus().length} × ${cpu?.model ?? 'unknown CPU'}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}`;
const date = new Date().toISOString().slice(0, 10);
const text = `# kbuild-ts bench, ${date}\n\n${machine}. Medians of ${runs} runs each, in turn.\n\n${format(rows)}\n`;
console.log(text);
const results = join(root, 'bench/results');
await mkdir(results, { recursive: true });
await writeFile(join(results, `${date}.md`), text);
if (rows.some(({ measured, baseline, goal }) => measured.median - baseline.median > goal)) {
  process.exitCode = 1;
}
