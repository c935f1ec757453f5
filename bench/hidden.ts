import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Bench, Measured } from './group.js';
import { sampleOf, timed } from './measure.js';
import { withNewEngine } from './new-engine.js';

/**
 * What is paid once: an engine that has no image at all and a cache that is empty, as on a new
 * machine. Each turn has an engine of its own, so that no layer of an earlier one is there.
 */
export async function hiddenRows({ bin, examples, runs, workplace }: Bench): Promise<Measured> {
  const directory = join(workplace.directory, 'new-machine');
  const hello = join(examples, 'hello');
  const seconds = { image: [] as number[], headers: [] as number[], first: [] as number[] };
  // Half a minute each, of which most is Debian's mirror.
  for (let turn = 0; turn < Math.min(runs, 3); turn++) {
    const cache = join(directory, 'cache');
    await mkdir(cache, { recursive: true });
    const out = join(directory, 'out');
    await withNewEngine(join(directory, 'engine'), async (engine) => {
      const env = { ...engine, KBUILD_TS_CACHE_DIR: cache };
      const command = (...args: string[]) =>
        timed({ name: args.join(' '), command: ['node', bin, ...args], env });
      seconds.image.push(await command('toolchain', 'build', 'gcc-12'));
      seconds.headers.push(await command('kernel', 'fetch', 'debian:bookworm', '--arch', 'arm64'));
      seconds.first.push(await command('build', hello, '--arch', 'arm64', '--out', out));
    });
    await rm(directory, { recursive: true, force: true });
  }
  const row = (what: string, values: readonly number[]) => ({
    what,
    measured: sampleOf(what, values),
    goal: 'shown' as const,
  });
  return {
    rows: [
      row('on a new machine, once: the image of gcc-12, from nothing', seconds.image),
      row('then the package index and the headers of one kernel', seconds.headers),
      row('then the first build of hello', seconds.first),
    ],
  };
}
