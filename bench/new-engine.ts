import { mkdir, readFile, rm } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { join } from 'node:path';
import { execa } from 'execa';

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
  await mkdir(directory, { recursive: true });
  const at = (name: string) => join(directory, name);
  const DOCKER_HOST = `unix://${at('docker.sock')}`;
  const places = ['--host', DOCKER_HOST, '--data-root', at('data'), '--exec-root', at('exec')];
  await closeNetwork(); // what a bench that was killed has left
  await openNetwork();
  const options = ['--pidfile', at('pid'), '--bridge', bridge, '--iptables=false'];
  const log = { file: at('log') };
  const daemon = execa('dockerd', [...places, ...options], { stdin: 'ignore', stderr: log });
  daemon.catch(() => undefined);
  try {
    await untilItAnswers(DOCKER_HOST);
    return await use({ DOCKER_HOST });
  } finally {
    daemon.kill('SIGTERM');
    await daemon.catch(() => undefined);
    await closeNetwork();
    await unmountBelow(directory);
    await rm(directory, { recursive: true, force: true });
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

/** An engine leaves the mount of its network namespace. */
async function unmountBelow(directory: string): Promise<void> {
  const mounts = (await readFile('/proc/self/mounts', 'utf8')).split('\n');
  const targets = mounts.map((line) => line.split(' ')[1] ?? '');
  for (const target of targets.filter((path) => path.startsWith(`${directory}/`)).reverse()) {
    await execa('umount', [target]);
  }
}

async function untilItAnswers(DOCKER_HOST: string): Promise<void> {
  for (let attempt = 0; attempt < 300; attempt++) {
    const answer = await execa('docker', ['version'], { env: { DOCKER_HOST }, reject: false });
    if (answer.exitCode === 0) return;
    await setTimeout(100);
  }
  throw new Error(`the new engine at ${DOCKER_HOST} does not answer`);
}
