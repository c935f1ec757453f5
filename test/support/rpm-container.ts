import { execa } from 'execa';
import { dockerRun, type ContainerMount } from './dkms-container.js';
import { inSession } from './debian-image.js';

/** What reads rpms, and judges them, on Debian. */
const packages = ['rpm', 'rpmlint', 'dnf', 'gpg', 'gpg-agent', 'kmod', 'binutils', 'createrepo-c'];

const setup = [
  'apt-get update',
  `DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends ${packages.join(' ')}`,
  'rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin',
].join(' && ');

/** Runs a script of bash as root in a new container without a network, which is gone afterwards. */
export async function runRpmTools(
  script: string,
  mounts: readonly ContainerMount[],
): Promise<{ exitCode: number | undefined; stdout: string; stderr: string }> {
  const { id } = await inSession((session) =>
    session.suiteImage('bookworm', 'test-rpm-tools', setup),
  );
  const [file, ...args] = [...dockerRun(id, '', mounts, false), 'bash', '-c', script];
  const { exitCode, stdout, stderr } = await execa(file, args, { stdin: 'ignore', reject: false });
  return { exitCode, stdout, stderr };
}
