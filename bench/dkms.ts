import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { addToDkms, buildWithDkms, debMount } from '../test/support/dkms-build.js';
import { dkmsContainer, dockerRun } from '../test/support/dkms-container.js';
import { dkmsCorpus } from '../test/support/dkms-corpus.js';
import type { Bench, Measured } from './group.js';
import { race } from './measure.js';

/** Undoes `dkms build` for all that dkms knows of, and keeps what `dkms add` did. */
const unbuild = 'rm -rf /var/lib/dkms/*/*/build /var/lib/dkms/*/*/"$KERNEL"';

/**
 * Debian's DKMS packages of the corpus for x86_64, beside Debian's `dkms build` of the same, one
 * after the other, in a container that is there already. Images and headers are there; nothing
 * that was built before is, and no package is unpacked for kbuild-ts.
 */
export async function dkmsRows({ bin, runs, workplace }: Bench): Promise<Measured> {
  const debs = await dkmsCorpus();
  const { image, kernel } = await dkmsContainer('bookworm');
  const env = await workplace.cache('dkms');
  const { amd64: ref } = await workplace.kernels();
  if (!ref.endsWith(`/${kernel}`)) throw new Error(`dkms builds for ${kernel}, not for ${ref}`);
  const out = join(workplace.directory, 'dkms-out');
  const build = [...debs.values(), '--kernel', ref, '--arch', 'x86_64', '--out', out];
  const [docker = '', run = '', ...options] = dockerRun(image, kernel, [debMount(debs)], false);
  const { stdout: id } = await execa(docker, [run, '--detach', ...options, 'sleep', 'infinity']);
  const inside = (script: string) => ['exec', id, 'bash', '-c', script];
  try {
    await execa(docker, inside(addToDkms(debs)));
    const what = `${debs.size} DKMS packages of Debian, x86_64, cold`;
    const against = 'dkms build, one after the other';
    const [measured, baseline] = await race(
      [
        {
          name: what,
          command: ['node', bin, 'build', ...build],
          env,
          reset: () => workplace.forget(env, out),
        },
        {
          name: against,
          command: [docker, ...inside(buildWithDkms)],
          reset: async () => {
            await execa(docker, inside(unbuild));
          },
        },
      ],
      { runs, warmUp: false },
    );
    const goal = { faster: 1.4 };
    return { rows: [{ what, against, measured: measured!, baseline: baseline!, goal }] };
  } finally {
    await execa(docker, ['rm', '--force', id], { reject: false });
    await rm(out, { recursive: true, force: true });
  }
}
