import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo, type ListenOptions, type Server } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JobRecord, Manifest } from '../../src/artifact/manifest-schema.js';
import { hostileScenarios } from '../support/dkms-scenarios/hostile.js';
import { build } from '../support/cli.js';
import { checkScenario, writeScenario, usual } from '../support/dkms-scenario.js';
import { containersOf } from '../support/docker.js';
import { makeKeyPair } from '../support/openssl.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { treeHash } from '../support/tree-hash.js';

/** Part of the names of all that a build must not see. */
const token = `canary-${process.pid}-${Date.now()}`;

/** Tries to reach what is none of a build's business, and says what it could. */
const nosy = (addresses: string[], port: number, socket: string): string => `
reached() { echo "reached $*"; }
for host in ${addresses.join(' ')} 192.0.2.1; do
  (exec 5<> /dev/tcp/$host/${port}) 2> /dev/null && reached "$host by TCP"
done
getent hosts example.com && reached a name server
grep -s ${token} /proc/net/unix && reached a socket
test -e ${socket} && reached the socket
find / -name '*${token}*' 2> /dev/null | grep . && reached a file
find / -xdev -type s 2> /dev/null | grep . && reached a socket
cat /etc/shadow > /dev/null 2>&1 && reached shadow
find /proc/[0-9]*/root/home -mindepth 1 2> /dev/null | grep . && reached a home
for place in /src /src/* /usr/src/linux-* /symvers /etc /etc/dkms /bin /sys /sys/fs/cgroup /proc/sys/kernel \\
  $kernel_source_dir $kernel_source_dir/include; do
  (: > $place/evil) 2> /dev/null && reached "$place for writing"
done
unshare -Ur true 2> /dev/null && reached a namespace
mount -t proc proc /tmp 2> /dev/null && reached mount
su -c true 2> /dev/null && reached root
true
`;

const directory = temporaryDirectory({
  'kbuild.config.yaml': "projects: ['*']\narchs: [x86_64]\nkernels: [debian:bookworm]\n",
  [`file-${token}`]: 'secret',
});
const servers: Server[] = [];
let connections = 0;
let manifest: Manifest;
let stderr: string;
let exitCode: number | undefined;
let sourcesBefore: string;

async function listen(at: ListenOptions): Promise<Server> {
  const server = createServer((socket) => {
    connections++;
    socket.destroy();
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(at, resolve));
  return server;
}

beforeAll(async () => {
  const { port } = (await listen({ port: 0, host: '0.0.0.0' })).address() as AddressInfo;
  const socket = join(directory, `${token}.sock`);
  await listen({ path: socket });
  await listen({ path: `\0${token}` });
  const addresses = Object.values(networkInterfaces())
    .flatMap((all) => all ?? [])
    .filter(({ family }) => family === 'IPv4')
    .map(({ address }) => address);
  const script = nosy(addresses, port, socket);
  const tries = writeScenario(directory, 'nosy', {
    conf: `${usual}( ${script} )\nPRE_BUILD="nosy.sh" POST_BUILD="nosy.sh"\n`,
    files: { 'nosy.sh': { program: `#!/bin/bash\n${script}` } },
    config: `signing: { key: key-${token}.key, cert: public.pem }`,
    verdict: 'built',
  });
  // The certificate is public, and a build may see it.
  renameSync(makeKeyPair(tries, `key-${token}`).cert, join(tries, 'public.pem'));
  for (const [name, scenario] of Object.entries(hostileScenarios)) {
    writeScenario(directory, name, scenario);
  }
  writeFileSync(join(directory, 'innocent', `${token}.txt`), 'secret');
  sourcesBefore = treeHash(directory);
  const limits = ['--memory', '768m', '--disk', '128m', '--timeout', '100s'];
  const out = temporaryDirectory();
  const run = await build([directory, '--no-cache', '--out', out, ...limits]);
  if (run.document.error !== undefined) throw new Error(run.stderr);
  manifest = run.document;
  stderr = run.stderr;
  exitCode = run.exitCode;
});

afterAll(() => {
  for (const server of servers) server.close();
});

const jobOf = (name: string): JobRecord => {
  const job = manifest.jobs.find(({ sources }) => sources[0]?.placement === name);
  if (job === undefined) throw new Error(`no job for ${name}`);
  return job;
};
const logOf = ({ log = '' }: JobRecord) => readFileSync(join(manifest.output, log), 'utf8');

describe('a hostile DKMS source', () => {
  it('reaches neither the network, nor the files of the host, nor the key, nor other sources', () => {
    const job = jobOf('nosy');
    expect(job.error).toBeUndefined();
    const log = logOf(job);
    expect(log).toContain('running POST_BUILD');
    expect(log).not.toMatch(/^.*reached.*$/m);
    expect(connections).toBe(0);
    // What it could not see was used all the same: the module is signed.
    expect(job.artifacts.map(({ signature }) => signature?.signer)).toEqual([
      expect.stringContaining(token),
    ]);
  });

  it.each(Object.entries(hostileScenarios))('achieves nothing: %s', async (name, scenario) => {
    const job = jobOf(name);
    checkScenario(name, scenario, job, manifest.output);
    expect(await containersOf(job.id)).toEqual([]);
    expect(logOf(job)).not.toMatch(/(?![\t\n])\p{Cc}/u);
    // Long before its time is up.
    expect(job.milliseconds).toBeLessThan(90_000);
  });

  it('leaves nothing behind, and the sources as they were', () => {
    expect(treeHash(directory)).toBe(sourcesBefore);
    expect(stderr).not.toMatch(/(?![\t\n])\p{Cc}/u);
    expect(exitCode).toBe(4);
  });
});
