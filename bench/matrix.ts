import { cpus } from 'node:os';
import { join } from 'node:path';
import { dkmsCorpus } from '../test/support/dkms-corpus.js';
import { measureCpu, type CpuUse } from './cpu/cpu-use.js';
import { isCompiler } from './cpu/programs.js';
import type { Bench, Measured } from './group.js';
import { sampleOf, takeTurns, type Sample } from './measure.js';
import { formatTable } from './row.js';

/**
 * Debian's DKMS packages of the corpus for two architectures, cold: images and headers are there,
 * nothing that was built or unpacked is. Held against what the compilers alone would take on all
 * cores, if they did nothing but compile: cpu/cpu-use.ts says how their time is measured.
 */
export async function matrixRows({ bin, runs, workplace }: Bench): Promise<Measured> {
  const debs = await dkmsCorpus();
  const { amd64, arm64 } = await workplace.kernels();
  const env = await workplace.cache('matrix');
  const out = join(workplace.directory, 'matrix-out');
  const what = `${debs.size} DKMS packages of Debian × {arm64, x86_64}, cold`;
  const kernels = ['--kernel', arm64, '--kernel', amd64, '--arch', 'arm64,x86_64'];
  const build = ['build', ...debs.values(), ...kernels, '--out', out];
  const [uses = []] = await takeTurns(
    [
      {
        run: () => measureCpu({ name: what, command: ['node', bin, ...build], env }),
        reset: () => workplace.forget(env, out),
      },
    ],
    { runs, warmUp: false },
  );
  const cores = cpus().length;
  const sample = (name: string, of: (use: CpuUse) => number): Sample =>
    sampleOf(name, uses.map(of));
  const total = (use: CpuUse) => use.containers + use.engine + use.own;
  return {
    rows: [
      {
        what,
        against: "the compilers' CPU time ÷ cores",
        measured: sample(what, ({ wall }) => wall),
        baseline: sample('compilers', ({ compilers }) => compilers / cores),
        goal: { times: 1.15 },
      },
      {
        what: `${what}: kbuild-ts's own CPU time`,
        against: 'CPU time of containers, engine and kbuild-ts',
        measured: sample('own', ({ own }) => own),
        baseline: sample('total', total),
        goal: { share: 0.03 },
      },
    ],
    notes: [whereItWent(uses, cores), mostBusy(uses)],
  };
}

/** The median of each part, in seconds of CPU and per core. */
function whereItWent(uses: readonly CpuUse[], cores: number): string {
  const parts: [string, (use: CpuUse) => number][] = [
    ['wall × cores', ({ wall }) => wall * cores],
    ['compilers (the toolchain and Kbuild’s programs)', ({ compilers }) => compilers],
    [
      'all else in the builds’ containers: make, shells, cp, tar …',
      (u) => u.containers - u.compilers,
    ],
    ['Docker: dockerd, containerd, runc', ({ engine }) => engine],
    ['kbuild-ts', ({ own }) => own],
    [
      'the rest of the machine: the kernel’s threads, and whatever else ran',
      (u) => u.machine - u.containers - u.engine - u.own,
    ],
    ['idle', (u) => u.wall * cores - u.machine],
  ];
  const lines = parts.map(([name, of]) => {
    const { median } = sampleOf(name, uses.map(of));
    return [name, `${median.toFixed(2)} s`, `${(median / cores).toFixed(2)} s`];
  });
  return formatTable(['cold matrix: where the CPU time went', 'CPU', '÷ cores'], lines);
}

/** Programs of the last turn that took most, as counted until they ended. */
function mostBusy(uses: readonly CpuUse[]): string {
  const programs = [...(uses.at(-1)?.programs ?? [])].sort(([, a], [, b]) => b.seconds - a.seconds);
  const lines = programs.slice(0, 16).map(([name, { seconds, tasks }]) => {
    const kind = isCompiler(name) ? 'compiles' : '';
    return [name, kind, String(tasks), `${seconds.toFixed(2)} s`];
  });
  return formatTable(['program in the containers', '', 'processes', 'CPU until its end'], lines);
}
