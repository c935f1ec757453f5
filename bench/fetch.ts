import { mkdirSync, mkdtempSync, readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { suiteByName } from '../src/kernel/suite.js';
import { bootstrappedName } from '../src/toolchain/base-image.js';
import { race, type Contestant } from './measure.js';
import type { Bench, Measured } from './group.js';

/** Debian 12's newest kernel, for every arch. */
const ref = 'debian:bookworm';

/**
 * Fetching the headers of one kernel for all archs, beside `apt-get download` and `dpkg -x` of the
 * same packages in the same image: with nothing there at all, and with the index there already.
 */
export async function fetchRows({ bin, runs }: Bench): Promise<Measured> {
  const directory = mkdtempSync(join(tmpdir(), 'kbuild-ts-bench-'));
  const cache = join(directory, 'cache');
  const env = `KBUILD_TS_CACHE_DIR=${cache}`;
  const command: Contestant['command'] = ['env', env, 'node', bin, 'kernel', 'fetch', ref];
  try {
    await execa(command[0], command.slice(1));
    const packages = packagesIn(cache);
    const image = await baseImage();
    const forget = async (...names: string[]): Promise<void> => {
      for (const name of names) await rm(join(cache, name), { recursive: true, force: true });
    };
    await forget('');
    const what = `kernel fetch ${ref}, ${packages.length} packages`;
    const cold = await race(
      [
        { name: what, command, reset: () => forget('') },
        {
          name: 'apt',
          command: aptCommand(image, [], `rm -rf /var/lib/apt/lists/*; ${update}`, packages),
        },
      ],
      { runs },
    );
    const volumes = ['lists', 'cache'].map((name) => join(directory, name));
    const [lists = '', kept = ''] = volumes;
    for (const volume of volumes) mkdirSync(volume);
    const mounts = ['-v', `${lists}:/var/lib/apt/lists`, '-v', `${kept}:/var/cache/apt`];
    const [file, ...args] = aptCommand(image, mounts, update, packages);
    await execa(file, args);
    await execa(command[0], command.slice(1));
    await forget('packages', 'kernels');
    const warm = await race(
      [
        { name: what, command, reset: () => forget('packages', 'kernels') },
        { name: 'apt', command: aptCommand(image, mounts, foreign, packages) },
      ],
      { runs },
    );
    const goal = { times: 1.3 };
    return {
      rows: [
        {
          what: `${what}, cold`,
          against: 'apt-get update and download, dpkg -x',
          ...pair(cold),
          goal,
        },
        { what: `${what}, index there`, against: 'apt-get download, dpkg -x', ...pair(warm), goal },
      ],
    };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

const pair = ([measured, baseline]: Awaited<ReturnType<typeof race>>) => ({
  measured: measured!,
  baseline: baseline!,
});

const foreign = 'dpkg --add-architecture amd64; dpkg --add-architecture arm64';
const update = `${foreign}; apt-get -q update`;

/** The packages that a fetch has left, as apt takes them: `name:architecture=version`. */
function packagesIn(cache: string): string[] {
  return readdirSync(join(cache, 'packages')).map((entry) => {
    const [name, version = '', architecture] = entry.split('_');
    const qualified = architecture === 'all' ? name : `${name}:${architecture}`;
    return `${qualified}=${decodeURIComponent(version)}`;
  });
}

async function baseImage(): Promise<string> {
  const suite = suiteByName('bookworm');
  const { exitCode } = await execa('docker', ['image', 'inspect', suite.image], { reject: false });
  return exitCode === 0 ? suite.image : bootstrappedName(suite);
}

/** What a user would run without kbuild-ts, in the image that it uses too. */
function aptCommand(
  image: string,
  mounts: readonly string[],
  before: string,
  packages: readonly string[],
): Contestant['command'] {
  const script = `set -e; ${before}; cd /tmp; apt-get -q -o APT::Sandbox::User= download ${packages.join(' ')}; for deb in *.deb; do dpkg -x $deb /tmp/$deb.root; done`;
  return ['docker', 'run', '--rm', '--network', 'host', ...mounts, image, 'sh', '-c', script];
}
