import { join } from 'node:path';
import { execa } from 'execa';
import type { Bench, Measured } from './group.js';
import { race, type Contestant } from './measure.js';
import type { Row } from './row.js';
import { changeOne, writeTwentyFiles } from './twenty-files.js';

/**
 * One changed file of a module of twenty, for four kernels, beside the cold build of the same; and
 * what it costs a cold build that objects are kept for the next one.
 */
export async function incrementalRows({ bin, runs, workplace }: Bench): Promise<Measured> {
  const kernels = Object.values(await workplace.kernels()) as string[];
  const project = join(workplace.directory, 'twenty');
  await writeTwentyFiles(project);
  const refs = kernels.flatMap((ref) => ['--kernel', ref]);
  const contestant = async (name: string, ...options: string[]) => {
    const env = await workplace.cache(`${name}-cache`);
    const out = join(workplace.directory, `${name}-out`);
    const build = ['build', project, ...refs, '--arch', 'x86_64,arm64', '--out', out, ...options];
    const command: Contestant['command'] = ['node', bin, ...build];
    return { name, command, env, forget: () => workplace.forget(env, out) };
  };
  const cold = await contestant('cold');
  const changed = await contestant('changed');
  let change = 1;
  const nextChange = () => changeOne(project, change++);
  const [file, ...args] = changed.command;
  await execa(file, args, { env: changed.env });
  await nextChange();
  const contestants: Contestant[] = [
    { ...changed, reset: nextChange },
    { ...cold, reset: cold.forget },
  ];
  const keeps = await knowsOption(bin, 'incremental');
  if (keeps) {
    const bare = await contestant('bare', '--no-incremental');
    contestants.push({ ...bare, reset: bare.forget });
  }
  const [afterChange, whole, without] = await race(contestants, { runs });
  const what = `a module of 20 files × ${kernels.length} kernels`;
  const rows: Row[] = [
    {
      what: `${what}, one file changed`,
      against: 'cold',
      measured: afterChange!,
      baseline: whole!,
      goal: { times: 0.35 },
    },
  ];
  if (without !== undefined) {
    rows.push({
      what: `${what}, cold, objects are kept`,
      against: 'cold, --no-incremental',
      measured: whole!,
      baseline: without,
      goal: { times: 1.03 },
    });
  }
  return { rows };
}

/** Whether this version of the command line has an option of `build`. */
async function knowsOption(bin: string, option: string): Promise<boolean> {
  const { stdout } = await execa('node', [bin, 'build', '--help']);
  return new RegExp(`^ .*--(no-)?${option}\\b`, 'm').test(stdout);
}
