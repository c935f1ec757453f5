import { execa } from 'execa';
import { hostArch } from '../../src/arch/arch.js';
import { labels } from '../../src/runtime/docker/labels.js';
import { currentOwner, formatOwner } from '../../src/storage/owner.js';
import { fetchedKdir } from './kdir.js';
import { suiteImage } from './suite-image.js';

/** A directory or file of this machine that a script sees, read-only unless it says `writable`. */
export interface ContainerMount {
  source: string;
  target: string;
  writable?: boolean;
}

export interface ContainerOptions {
  mounts?: ContainerMount[];
  /** Default: no network. */
  network?: boolean;
}

/** Debian with its own dkms, as its users have it: for the machine that the tests run on. */
export interface DkmsContainer {
  /** The image's name. */
  image: string;
  /** The release of the kernel whose headers are in it: the one that kbuild-ts builds for. */
  kernel: string;
  /**
   * Runs a script of bash as root in a new container, which is gone afterwards. `$KERNEL` is the
   * kernel's release; `uname -r` tells of this machine's kernel, so that dkms wants `-k "$KERNEL"`.
   */
  run: (
    script: string,
    options?: ContainerOptions,
  ) => Promise<{ exitCode: number; stdout: string; stderr: string }>;
}

/** Of each suite: its dkms (bookworm 3.0.10, trixie 3.2.2) and the compiler of its kernel. */
export type DkmsSuite = 'bookworm' | 'trixie';

const made = new Map<DkmsSuite, Promise<DkmsContainer>>();

/** A container with real dkms, on an image that the engine keeps. */
export function dkmsContainer(suite: DkmsSuite): Promise<DkmsContainer> {
  const container = made.get(suite) ?? makeContainer(suite);
  made.set(suite, container);
  return container;
}

async function makeContainer(suite: DkmsSuite): Promise<DkmsContainer> {
  const { release: kernel } = await fetchedKdir(`debian:${suite}`, hostArch().name);
  const image = await dkmsImage(suite, kernel);
  return { image, kernel, run: (script, options) => runInImage(image, kernel, script, options) };
}

/** The packages are the suite's own: what `apt-get install dkms linux-headers-…` gives a user. */
const dkmsImage = (suite: DkmsSuite, kernel: string): Promise<string> =>
  suiteImage({
    name: `test-dkms-${suite}`,
    suite,
    packages: [
      ...['dkms', `linux-headers-${kernel}`, 'kmod', 'binutils', 'make', 'libc6-dev'],
      ...['openssl', 'xz-utils', 'zstd', 'rpm'],
    ],
    check: `test -d /lib/modules/${kernel}/build`,
  });

/** Runs a script in a new container of an image; `$KERNEL` is the kernel's release. */
export async function runInImage(
  image: string,
  kernel: string,
  script: string,
  { mounts = [], network = false }: ContainerOptions = {},
): Promise<{ exitCode: number; stdout: string; stderr: string }> {
  const command = dockerRun(image, kernel, mounts, network);
  const [file, ...args] = [...command, 'bash', '-c', script];
  const { exitCode, stdout, stderr } = await execa(file, args, {
    stdin: 'ignore',
    reject: false,
    maxBuffer: 2 ** 28,
  });
  if (exitCode === undefined) throw new Error(`docker run did not end by itself: ${stderr}`);
  return { exitCode, stdout, stderr };
}

/** The command line that runs what follows it in a new container. */
export const dockerRun = (
  image: string,
  kernel: string,
  mounts: readonly ContainerMount[],
  network: boolean,
  title = 'dkms',
): string[] => [
  ...['docker', 'run', '--rm', '--init', '--env', `KERNEL=${kernel}`],
  // So that kbuild-ts removes it, should it outlive this process.
  ...[
    '--label',
    `${labels.owner}=${formatOwner(currentOwner())}`,
    '--label',
    `${labels.title}=${title}`,
  ],
  ...(network ? ['--network', 'host'] : ['--network', 'none']),
  ...mounts.flatMap(({ source, target, writable = false }) => {
    const access = writable ? '' : ',readonly';
    return ['--mount', `type=bind,source=${source},target=${target}${access}`];
  }),
  image,
];
