import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import type { Bench, Measured } from './group.js';
import { race, sampleOf } from './measure.js';
import { smallProjects } from './small-projects.js';

/**
 * What packaging adds to a build: 12 projects for 4 kernels, all built before. All of it counts: looking
 * at what is unchanged, stripping, making the packages, reading the modules back and verifying them.
 */
export async function releaseRows({ bin, examples, runs, workplace }: Bench): Promise<Measured> {
  const { amd64, cloudAmd64, arm64, cloudArm64 } = await workplace.kernels();
  const env = await workplace.cache('release');
  const projects = await smallProjects(examples, join(workplace.directory, 'packaged'));
  const refs = [amd64, cloudAmd64, arm64, cloudArm64].flatMap((ref) => ['--kernel', ref]);
  const out = join(workplace.directory, 'release-out');
  const command = [
    ...[bin, 'package', ...projects, ...refs, '--arch', 'x86_64,arm64'],
    ...['--format', 'deb', '--package-version', '1.0', '--out', out],
  ];
  await execa('node', command, { env, maxBuffer: 2 ** 28, cwd: workplace.directory });
  const packages = (await readdir(join(out, 'deb'))).length;
  if (packages < 48) throw new Error(`${packages} packages, and 12 × 4 were to be made`);
  const [all] = await race(
    [{ name: 'packages', command: ['env', '-C', workplace.directory, 'node', ...command], env }],
    { runs },
  );
  const what = '`package --format deb` of 12 projects × 4 kernels, each package';
  const each = sampleOf(
    what,
    (all?.values ?? []).map((seconds) => seconds / packages),
  );
  return {
    rows: [{ what, measured: each, goal: { atMost: 0.5 } }],
    notes: [`Packages that were made: ${packages}, in ${all?.median.toFixed(2)} s (median).`],
  };
}
