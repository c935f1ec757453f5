import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import type { Bench, Measured } from './group.js';
import { race } from './measure.js';
import { smallProjects } from './small-projects.js';

/**
 * A run of 48 jobs of which none has changed, and the proof that it asks nobody: strace notes every
 * connection that it opens, to sockets of any kind. The same of a run that must build shows that a
 * connection would be seen.
 */
export async function noopRows({ bin, examples, runs, workplace }: Bench): Promise<Measured> {
  const { amd64, cloudAmd64, arm64, cloudArm64 } = await workplace.kernels();
  const env = await workplace.cache('noop');
  const projects = await smallProjects(examples, join(workplace.directory, 'twelve'));
  const refs = [amd64, cloudAmd64, arm64, cloudArm64].flatMap((ref) => ['--kernel', ref]);
  const out = join(workplace.directory, 'noop-out');
  const archs = ['--arch', 'x86_64,arm64'];
  const build = [bin, 'build', ...projects, ...refs, ...archs, '--out', out];
  await execa('node', build, { env });
  const { stdout } = await execa('node', [...build, '--json'], { env, maxBuffer: 2 ** 28 });
  const { jobs } = JSON.parse(stdout) as { jobs: { status: string }[] };
  const cached = jobs.filter(({ status }) => status === 'cached').length;
  if (jobs.length !== 48 || cached !== 48) {
    throw new Error(`${cached} of ${jobs.length} jobs are unchanged: not 48 of 48`);
  }
  const what = '12 projects × 4 kernels (48 jobs), unchanged';
  const [measured] = await race([{ name: what, command: ['node', ...build], env }], { runs });
  const trace = join(workplace.directory, 'connections');
  const unchanged = await connections(build, env, trace);
  const [first = ''] = projects;
  const one = ['build', first, '--kernel', amd64, '--no-cache', '--out', `${out}-one`];
  const building = await connections([bin, ...one], env, trace);
  if (building === 0) throw new Error('strace sees no connection of a build: it proves nothing');
  if (unchanged > 0) throw new Error(`an unchanged build has opened ${unchanged} connections`);
  return {
    rows: [{ what, measured: measured!, goal: { atMost: 0.6 } }],
    notes: [
      `Connections that the unchanged build of 48 jobs opens, to an engine or to anything else: ${unchanged}. (A build of one module, counted the same way: ${building}.)`,
    ],
  };
}

/** How many connections a command and all that it starts open, or try to. */
async function connections(
  command: readonly string[],
  env: Record<string, string>,
  trace: string,
): Promise<number> {
  const strace = ['-f', '-qq', '-e', 'trace=connect', '-o', trace];
  await execa('strace', [...strace, 'node', ...command], { env, maxBuffer: 2 ** 28 });
  return (await readFile(trace, 'utf8')).split('\n').filter((line) => / connect\(/.test(line))
    .length;
}
