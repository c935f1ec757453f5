import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { writeStubMatrix } from '../test/support/stub-matrix.js';
import type { Bench, Measured } from './group.js';
import { peakMemory } from './kmod.js';
import { race, sampleOf, takeTurns, type Contestant } from './measure.js';

/** 300 MB, in MiB. */
const mostMemory = 300e6 / 2 ** 20;

/** 100 projects × 100 kernels, of which the KDIRs are stubs: a plan, and a run that builds nothing. */
export async function scaleRows({ bin, runs, workplace }: Bench): Promise<Measured> {
  const directory = join(workplace.directory, 'scale');
  await mkdir(directory);
  const matrix = await writeStubMatrix(directory, { projects: 100, kernels: 100 });
  const { projects, kdirs, cache } = matrix;
  const env = { KBUILD_TS_CACHE_DIR: cache };
  const jobs = [...projects, ...kdirs.flatMap((kdir) => ['--kdir', kdir])];
  const plan = ['plan', ...jobs];
  const build = ['build', ...jobs, '--out', join(directory, 'out')];
  // It publishes what the measured ones find to be there.
  const { stdout } = await execa('node', [bin, ...build, '--json'], { env, maxBuffer: 2 ** 30 });
  const { jobs: records } = JSON.parse(stdout) as { jobs: { status: string }[] };
  const cached = records.filter(({ status }) => status === 'cached').length;
  if (cached !== 10_000) throw new Error(`${cached} of ${records.length} jobs are unchanged`);
  const contestant = (name: string, args: string[]): Contestant => ({
    name,
    command: ['node', bin, ...args],
    env,
  });
  const what = '100 projects × 100 kernels (10,000 jobs)';
  const [planned, unchanged] = await race([contestant('plan', plan), contestant('build', build)], {
    runs,
  });
  const [planMemory = [], buildMemory = []] = await takeTurns(
    [plan, build].map((args) => ({ run: () => peakMemory(bin, args, env) })),
    { runs: 1, warmUp: false },
  );
  const memory = (values: number[]) => sampleOf('peak memory', values, 'MiB');
  return {
    rows: [
      { what: `plan of ${what}`, measured: planned!, goal: { atMost: 2 } },
      {
        what: `plan of ${what}: peak memory`,
        measured: memory(planMemory),
        goal: { atMost: mostMemory },
      },
      { what: `build of ${what}, unchanged`, measured: unchanged!, goal: { atMost: 6 } },
      {
        what: `build of ${what}, unchanged: peak memory`,
        measured: memory(buildMemory),
        goal: 'shown',
      },
    ],
  };
}
