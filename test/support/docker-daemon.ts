import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';

/** A Docker engine of a test's own, which may be stopped: the machine's own stays as it is. */
export interface DockerDaemon {
  /** What makes a command use it. */
  env: { DOCKER_HOST: string };
  /** Ends it as the machine's lack of memory would: by SIGKILL. */
  kill: () => Promise<void>;
  /** Starts it again, with all that it had. */
  restart: () => Promise<void>;
  /** Stops it, and removes all that it had. */
  remove: () => Promise<void>;
}

/**
 * Starts a Docker engine that has nothing: no image, no layer to reuse. As root.
 * @param directory its own: socket, data, log
 * @param network what it is told of its network; default: it has none. (An engine without a bridge removes
 * docker0, whoever's it is: so it sees none of the machine's.)
 */
export async function startDockerDaemon(
  directory: string,
  network?: readonly string[],
): Promise<DockerDaemon> {
  await mkdir(directory, { recursive: true });
  const at = (name: string) => join(directory, name);
  const DOCKER_HOST = `unix://${at('docker.sock')}`;
  const places = ['--host', DOCKER_HOST, '--data-root', at('data'), '--exec-root', at('exec')];
  const [program = '', ...before] =
    network === undefined ? ['unshare', '--net', 'dockerd'] : ['dockerd'];
  const bridge = network ?? ['--bridge', 'none'];
  const options = [...before, ...places, '--pidfile', at('pid'), ...bridge, '--iptables=false'];
  // Nothing of it is waited for but its end: what it has started may live on, and hold its pipes.
  const log = openSync(at('log'), 'a');
  const begin = () => {
    const daemon = spawn(program, options, { stdio: ['ignore', log, log] });
    return { daemon, ended: once(daemon, 'exit') };
  };
  let current = begin();
  const end = async (signal: NodeJS.Signals) => {
    current.daemon.kill(signal);
    await current.ended;
  };
  const restart = async () => {
    // Its containerd has ended with it; one of whose end nobody took note would count as running.
    await rm(at('exec/containerd/containerd.pid'), { force: true });
    current = begin();
    await untilItAnswers(DOCKER_HOST);
  };
  const remove = async () => {
    // Only an engine that runs ends its containers.
    if (current.daemon.signalCode === 'SIGKILL') await restart();
    await end('SIGTERM');
    await unmountBelow(directory);
    await rm(directory, { recursive: true, force: true });
  };
  try {
    await untilItAnswers(DOCKER_HOST);
  } catch (error) {
    await remove();
    throw error;
  }
  return {
    env: { DOCKER_HOST },
    kill: () => end('SIGKILL'),
    restart,
    remove,
  };
}

/** An engine leaves the mount of its network namespace; one that was killed, those of its containers. */
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
    await sleep(100);
  }
  throw new Error(`the new engine at ${DOCKER_HOST} does not answer`);
}
