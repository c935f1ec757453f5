import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';

/** Debian's docker-registry on a port of loopback. */
export interface Registry {
  /** `localhost:<port>` */
  address: string;
  stop: () => void;
}

/** Starts a registry and pushes one of Docker's images into it, by the name of an official one. */
export async function startRegistry(
  directory: string,
  source: string,
  image: string,
): Promise<Registry> {
  const registry = await startEmptyRegistry(directory);
  const name = `${registry.address}/library/${image}`;
  await execa('docker', ['tag', source, name]);
  await execa('docker', ['push', name]);
  await execa('docker', ['rmi', name]);
  return registry;
}

/**
 * Starts a registry without images.
 * @param htpasswd a file with the passwords of those who may use it; default: all may
 */
export async function startEmptyRegistry(directory: string, htpasswd?: string): Promise<Registry> {
  const port = await freePort();
  const config = join(directory, 'registry.yml');
  await writeFile(
    config,
    `version: 0.1
storage: { filesystem: { rootdirectory: ${join(directory, 'registry')} } }
http: { addr: 127.0.0.1:${port} }
${htpasswd === undefined ? '' : `auth: { htpasswd: { realm: test, path: ${htpasswd} } }\n`}`,
  );
  const server = spawn('docker-registry', ['serve', config], { stdio: 'ignore' });
  const address = `localhost:${port}`;
  for (let tries = 0; !(await answers(`http://127.0.0.1:${port}/v2/`)); tries++) {
    if (tries > 100) throw new Error('docker-registry does not start');
    await sleep(100);
  }
  return { address, stop: () => void server.kill() };
}

async function answers(url: string): Promise<boolean> {
  return fetch(url).then(
    ({ ok, status }) => ok || status === 401,
    () => false,
  );
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
