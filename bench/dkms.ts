import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { addToDkms, buildWithDkms, debMount } from '../test/support/dkms-build.js';
import { dkmsContainer, dockerRun } from '../test/support/dkms-container.js';
import { dkmsCorpus } from '../test/support/dkms-corpus.js';
import { race } from './measure.js';
import type { Row } from './row.js';

/** Undoes `dkms build` for all that dkms knows of, and keeps what `dkms add` did. */
const unbuild = 'rm -rf /var/lib/dkms/*/*/build /var/lib/dkms/*/*/"$KERNEL"';

/**
 * Debian's DKMS packages of the corpus for x86_64, beside Debian's `dkms build` of the same, one
 * after the other, in a container that is there already. Images and headers are there; nothing
 * that was built before is, and no package is unpacked for kbuild-ts.
 */
export async function dkmsRows(bin: string, runs: number): Promise<Row[]> {
  const debs = await dkmsCorpus();
  const { image, kernel } = await dkmsContainer('bookworm');
  const directory = mkdtempSync(join(tmpdir(), 'kbuild-ts-bench-'));
  const cache = join(directory, 'cache');
  const out = join(directory, 'out');
  const forget = async (...paths: string[]): Promise<void> => {
    for (const path of paths) await rm(path, { recursive: true, force: true });
  };
  const env = `KBUILD_TS_CACHE_DIR=${cache}`;
  const ref = `debian:bookworm/${kernel}`;
  const build = [...debs.values(), '--kernel', ref, '--arch', 'x86_64', '--out', out];
  const [docker = '', run = '', ...options] = dockerRun(image, kernel, [debMount(debs)], false);
  const { stdout: id } = await execa(docker, [run, '--detach', ...options, 'sleep', 'infinity']);
  const inside = (script: string) => ['exec', id, 'bash', '-c', script];
  try {
    await execa('env', [env, 'node', bin, 'kernel', 'fetch', ref, '--arch', 'x86_64']);
    await execa(docker, inside(addToDkms(debs)));
    const what = `${debs.size} DKMS packages of Debian, x86_64, nothing built before`;
    const [measured, baseline] = await race(
      [
        {
          name: what,
          command: ['env', env, 'node', bin, 'build', ...build],
          reset: () => forget(join(cache, 'jobs'), join(cache, 'sources'), out),
        },
        {
          name: 'dkms build',
          command: [docker, ...inside(buildWithDkms)],
          reset: async () => {
            await execa(docker, inside(unbuild));
          },
        },
      ],
      runs,
    );
    const goal = { times: 0.75 };
    const against = 'dkms build, one after the other';
    return [{ what, against, measured: measured!, baseline: baseline!, goal }];
  } finally {
    await execa(docker, ['rm', '--force', id], { reject: false });
    await forget(directory);
  }
}
