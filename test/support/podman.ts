import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';

/** Debian's Podman, with a storage of its own: nothing of this machine's images is in it. */
export interface Podman {
  /** For DOCKER_HOST. */
  address: string;
  /** Runs `podman` on the same storage. */
  podman: (...args: string[]) => Promise<string>;
  stop: () => Promise<void>;
}

/**
 * Starts `podman system service`, which speaks Docker's API.
 * @param mirror a registry on loopback that stands in for Docker Hub
 */
export async function startPodman(directory: string, mirror: string): Promise<Podman> {
  const registries = join(directory, 'registries.conf');
  await writeFile(
    registries,
    `[[registry]]
location = "docker.io"
[[registry.mirror]]
location = "${mirror}"
insecure = true
`,
  );
  const socket = join(directory, 'podman.sock');
  const storage = ['--root', join(directory, 'root'), '--runroot', join(directory, 'run')];
  // Podman's default runtime, crun, fails on a machine with a hybrid cgroup tree.
  const options = ['--runtime', 'runc', ...storage];
  const service = spawn(
    'podman',
    [...options, 'system', 'service', '--time=0', `unix://${socket}`],
    {
      stdio: 'ignore',
      cwd: directory, // its monitor leaves a file named oom where it runs
      env: { ...process.env, CONTAINERS_REGISTRIES_CONF: registries },
    },
  );
  for (let tries = 0; !existsSync(socket); tries++) {
    if (tries > 200) throw new Error('podman does not start');
    await sleep(100);
  }
  return {
    address: `unix://${socket}`,
    podman: async (...args) => (await execa('podman', [...options, ...args])).stdout,
    stop: async () => {
      const ended = new Promise((resolve) => service.once('exit', resolve));
      service.kill('SIGTERM');
      await ended;
      // Its layers are mounts: podman itself must take them apart.
      await execa('podman', [...options, 'system', 'reset', '--force'], { reject: false });
    },
  };
}
