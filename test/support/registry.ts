import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';

/** Debian's docker-registry on a port of loopback, with images that the Docker engine has. */
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
  const port = await freePort();
  const config = join(directory, 'registry.yml');
  await writeFile(
    config,
    `version: 0.1
storage: { filesystem: { rootdirectory: ${join(directory, 'registry')} } }
http: { addr: 127.0.0.1:${port} }
`,
  );
  const server = spawn('docker-registry', ['serve', config], { stdio: 'ignore' });
  const address = `localhost:${port}`;
  for (let tries = 0; !(await answers(`http://127.0.0.1:${port}/v2/`)); tries++) {
    if (tries > 100) throw new Error('docker-registry does not start');
    await sleep(100);
  }
  const name = `${address}/library/${image}`;
  await execa('docker', ['tag', source, name]);
  await execa('docker', ['push', name]);
  await execa('docker', ['rmi', name]);
  return { address, stop: () => void server.kill() };
}

async function answers(url: string): Promise<boolean> {
  return fetch(url).then(
    ({ ok }) => ok,
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
