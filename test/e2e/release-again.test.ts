import { execFileSync } from 'node:child_process';
import { cpSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { beforeAll, describe, expect, it } from 'vitest';
import { bin, examples } from '../support/cli.js';
import { makeKeyPair, type KeyPair } from '../support/openssl.js';
import { contentsOf } from '../support/release.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

/** Who may talk to the engine: nobody else than root, and the group of its socket. */
const socketGroup = statSync('/var/run/docker.sock').gid;

interface Circumstances {
  directory: string;
  user: number;
  date: string;
  jobs: number;
  /** Of its own: nothing was built there. */
  cache: string;
}

describe('a release that is made again', () => {
  const keys = temporaryDirectory();
  const repositoryKey = join(keys, 'repository.asc');
  let rsa: KeyPair;
  beforeAll(() => {
    rsa = makeKeyPair(keys, 'rsa', { algorithm: 'rsa' });
    const home = temporaryDirectory();
    const gpg = (...args: string[]) =>
      execFileSync('gpg', ['--homedir', home, '--batch', '--passphrase', '', ...args], {
        stdio: ['ignore', 'pipe', 'pipe'],
      });
    gpg('--quick-gen-key', 'Acme <archive@acme.example>', 'ed25519', 'sign', 'never');
    writeFileSync(repositoryKey, gpg('--armor', '--export-secret-keys'));
    execFileSync('gpgconf', ['--homedir', home, '--kill', 'all']);
    execFileSync('chmod', ['-R', 'a+rX', keys]);
  });

  /** The whole of it, on another day, by another user, in another place. */
  async function made({ directory, user, date, jobs, cache }: Circumstances) {
    for (const name of ['exporter', 'consumer']) {
      cpSync(join(examples, name), join(directory, name), { recursive: true });
    }
    execFileSync('chown', ['-R', `${user}:${user}`, directory, cache]);
    const args = [
      ...['release', join(directory, 'exporter'), join(directory, 'consumer')],
      ...['-k', 'debian:trixie', '-a', 'arm64,x86_64', '--package-version', '1.0'],
      ...['--format', 'deb,rpm,tar,dkms,oci,android', '--no-test', '--out', join(directory, 'r')],
      ...[
        '--repo',
        '--gpg-key',
        repositoryKey,
        '--key',
        rsa.key,
        '--cert',
        rsa.cert,
        '-j',
        `${jobs}`,
      ],
    ];
    // Wherever this repository lies, that user may read it; to write is another thing.
    const may = ['--inh-caps=+dac_read_search', '--ambient-caps=+dac_read_search'];
    const identity = [`--reuid=${user}`, `--regid=${user}`, `--groups=${socketGroup}`, ...may];
    const command = ['setpriv', ...identity, 'faketime', date, process.execPath, bin, ...args];
    const { exitCode, stderr } = await execa(command[0]!, command.slice(1), {
      cwd: directory,
      env: {
        KBUILD_TS_CACHE_DIR: cache,
        HOME: directory,
        NO_COLOR: '1',
        FAKETIME_DONT_FAKE_MONOTONIC: '1',
      },
      reject: false,
    });
    expect(exitCode, stderr).toBe(0);
    return join(directory, 'r');
  }

  it('elsewhere, by another user, on another day, with other jobs, is the same to the last bit', async () => {
    const first = await made({
      directory: temporaryDirectory(),
      user: 0,
      date: '2027-01-02 03:04:05',
      jobs: 2,
      cache: temporaryDirectory(),
    });
    const second = await made({
      directory: temporaryDirectory({ 'deeper/down/x': '' }),
      user: 65_501,
      date: '2027-03-04 15:06:07',
      jobs: 1,
      cache: temporaryDirectory(),
    });
    expect(Object.keys(contentsOf(first) ?? {}).length).toBeGreaterThan(20);
    expect(contentsOf(second)).toEqual(contentsOf(first));
    // What others say: it exits with 1 where it sees a difference, and prints it.
    const compare = ['--exclude-directory-metadata=yes', '--text=-', `${first}/.`, `${second}/.`];
    const { exitCode, stdout } = await execa('diffoscope', compare, { reject: false });
    expect(exitCode, stdout).toBe(0);
  });
});
