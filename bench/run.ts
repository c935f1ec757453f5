/**
 * Measures kbuild-ts beside what a user would run without it, in one run:
 *   npm run bench [-- --runs 9] [--only start,hello,kmod,fetch,dkms,memory]
 * Prints a table and writes it, with the machine's description, to bench/results/.
 */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { execa } from 'execa';
import glob from 'fast-glob';
import { debianImage, type DebianImage } from '../test/support/debian-image.js';
import { dkmsRows } from './dkms.js';
import { fetchRows } from './fetch.js';
import { race, type Contestant } from './measure.js';
import { formatRows, isMet, type Row } from './row.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const bin = join(root, 'bin/kbuild-ts.js');
const hello = join(root, 'examples/hello');
const { values } = parseArgs({
  options: { runs: { type: 'string', default: '7' }, only: { type: 'string' } },
});
const runs = Number(values.runs);

const node: Contestant = { name: 'node -e 0', command: ['node', '-e', '0'] };

async function startup(option: string): Promise<Row> {
  const what = `kbuild-ts ${option}`;
  const [measured, baseline] = await race(
    [{ name: what, command: ['node', bin, option] }, node],
    runs,
  );
  return {
    what,
    against: node.name,
    measured: measured!,
    baseline: baseline!,
    goal: { added: 0.1 },
  };
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
    goal: { added: 0.35 },
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
  return {
    what,
    against: node.name,
    measured: measured!,
    baseline: baseline!,
    goal: { added: 0.35 },
  };
}

/** What reads modules, beside kmod on the same tree: all of Debian's kernel for arm64. */
async function besideKmod(image: DebianImage): Promise<Row[]> {
  const modules = (await glob('**/*.ko', { cwd: image.modules, absolute: true })).sort();
  const root = image.modules.replace(/\/(usr\/)?lib\/modules\/.*$/, '');
  const pairs: [string, string[], Contestant][] = [
    [
      `inspect of ${modules.length} modules, without symbols`,
      ['inspect', image.modules],
      { name: 'modinfo', command: ['modinfo', ...modules] },
    ],
    [
      'deps --modules-dep of the same',
      ['deps', image.modules, '--modules-dep'],
      { name: 'depmod -n', command: ['depmod', '-n', '-b', root, image.release] },
    ],
  ];
  const rows: Row[] = [];
  for (const [what, args, theirs] of pairs) {
    const ours: Contestant = { name: what, command: ['node', bin, ...args] };
    const [measured, baseline] = await race([ours, theirs], runs);
    const goal = { times: 2 };
    rows.push({ what, against: theirs.name, measured: measured!, baseline: baseline!, goal });
  }
  return rows;
}

/** Prints the most memory that a process had, in KiB, on stderr as its last line. */
const hook =
  'data:text/javascript,process.on("exit",()=>console.error("\\n"+process.resourceUsage().maxRSS))';

/** The most memory that commands take over all modules of a kernel. */
async function memory(image: DebianImage): Promise<string> {
  const out = join(tmpdir(), `kbuild-ts-bench-${process.pid}`);
  const commands = [
    ['inspect', image.modules],
    ['inspect', image.modules, '--json'],
    ['verify', image.modules, '--kernel', image.ref, '--kernel-image', image.vmlinuz],
    ['deps', image.modules, '--out', out],
  ];
  const lines: string[] = [];
  for (const command of commands) {
    const { stderr } = await execa('node', ['--import', hook, bin, ...command]);
    const mebibytes = Math.round(Number(stderr.trim().split('\n').at(-1)) / 1024);
    const shown = command.filter((word) => !word.startsWith('/')).join(' ');
    lines.push(
      `| ${shown} | ${mebibytes} MiB | < 400 MiB | ${mebibytes < 400 ? 'met' : 'MISSED'} |`,
    );
  }
  await rm(out, { recursive: true, force: true });
  return ['| over all modules | peak memory | goal | |', '|---|---|---|---|', ...lines].join('\n');
}

/** What takes a minute each time is run less often. */
const fewRuns = Math.min(runs, 3);

const groups: Record<string, () => Promise<Row[]>> = {
  start: async () => [await startup('--version'), await startup('--help')],
  hello: async () => [await overhead('arm64'), await overhead('x86_64'), await unchanged('arm64')],
  kmod: async () => besideKmod(await debianImage('bookworm', 'arm64')),
  fetch: () => fetchRows(bin, runs),
  dkms: () => dkmsRows(bin, fewRuns),
};
const all = [...Object.keys(groups), 'memory'];
const chosen = values.only?.split(',') ?? all;
const unknown = chosen.filter((name) => !all.includes(name));
if (unknown.length > 0) throw new Error(`no group ${unknown.join(', ')}: ${all.join(', ')}`);

const rows: Row[] = [];
for (const name of chosen) rows.push(...((await groups[name]?.()) ?? []));
const peaks = chosen.includes('memory') ? await memory(await debianImage('bookworm', 'arm64')) : '';
const [cpu] = cpus();
const machine = `${cpus().length} × ${cpu?.model ?? 'unknown CPU'}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}`;
const date = new Date().toISOString().slice(0, 10);
const counts = [...new Set(rows.map(({ measured }) => measured.seconds.length))].join(' or ');
const medians = rows.length > 0 ? ` Medians of ${counts} runs each, in turn.` : '';
const head = `# kbuild-ts bench, ${date}\n\n${machine}.${medians}`;
const tables = [rows.length > 0 ? formatRows(rows) : '', peaks].filter(Boolean);
const text = `${[head, ...tables].join('\n\n')}\n`;
console.log(text);
const results = join(root, 'bench/results');
await mkdir(results, { recursive: true });
const suffix = values.only === undefined ? '' : `-${chosen.join('-')}`;
await writeFile(join(results, `${date}${suffix}.md`), text);
if (!rows.every(isMet) || peaks.includes('MISSED')) process.exitCode = 1;
