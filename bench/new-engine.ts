import { execa } from 'execa';
import { startDockerDaemon } from '../test/support/docker-daemon.js';

/** A network that nothing else uses: 172.31.255.0/24, on a bridge of its own. */
const bridge = 'kbuild-ts-bench';
const [address, network] = ['172.31.255.1/24', '172.31.255.0/24'];

/** What the builds of images need to reach the packages: the firewall's chains, and rules in them. */
const rules = [
  ['nat', 'POSTROUTING', '-s', network, '!', '-o', bridge, '-j', 'MASQUERADE'],
  ['filter', 'FORWARD', '-i', bridge, '-j', 'ACCEPT'],
  ['filter', 'FORWARD', '-o', bridge, '-j', 'ACCEPT'],
];

/**
 * A Docker engine of the bench's own that has nothing: no image, no layer to reuse. The machine's own
 * engine, its images and its network stay as they are. As root.
 */
export async function withNewEngine<T>(
  directory: string,
  use: (env: { DOCKER_HOST: string }) => Promise<T>,
): Promise<T> {
  await closeNetwork(); // what a bench that was killed has left
  await openNetwork();
  try {
    const daemon = await startDockerDaemon(directory, ['--bridge', bridge]);
    try {
      return await use(daemon.env);
    } finally {
      await daemon.remove();
    }
  } finally {
    await closeNetwork();
  }
}

async function openNetwork(): Promise<void> {
  await execa('ip', ['link', 'add', bridge, 'type', 'bridge']);
  await execa('ip', ['addr', 'add', address, 'dev', bridge]);
  for (const [table = '', ...rule] of rules) await execa('iptables', ['-t', table, '-I', ...rule]);
}

async function closeNetwork(): Promise<void> {
  for (const [table = '', ...rule] of rules) {
    await execa('iptables', ['-t', table, '-D', ...rule], { reject: false });
  }
  await execa('ip', ['link', 'delete', bridge], { reject: false });
}
