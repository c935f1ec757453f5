import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { archByName } from '../../src/arch/arch.js';
import type { KbuildError } from '../../src/errors/kbuild-error.js';
import { dnfManager } from '../../src/kernel/providers/dnf/dnf.js';
import type { AvailableKernel, Download } from '../../src/kernel/providers/package-manager.js';
import type { DnfRepository } from '../../src/kernel/repository.js';
import { withSession } from '../../src/workflow/session.js';
import { build, examples, kbuildJson } from '../support/cli.js';
import { kbuildErrorOf } from '../support/kbuild-error-of.js';
import { fetchedKdir } from '../support/kdir.js';
import { kmodInfo } from '../support/kmod.js';
import {
  indexRepository,
  layOutKernelDevel,
  makeRpm,
  makeSigningKey,
  repoFile,
  serveRpms,
  signMetadata,
  type RpmServer,
  type SigningKey,
} from '../support/rpm-repository.js';
import { temporaryDirectory, writeTree } from '../support/temporary-directory.js';

let home: string;
let key: SigningKey;
let stranger: SigningKey;
const servers: RpmServer[] = [];

beforeAll(async () => {
  home = temporaryDirectory();
  key = await makeSigningKey(home, 'kernels');
  stranger = await makeSigningKey(home, 'stranger');
});

afterAll(() => {
  for (const server of servers) server.stop();
});

async function serving(directory: string): Promise<RpmServer> {
  const server = await serveRpms(directory);
  servers.push(server);
  return server;
}

const describing = (server: RpmServer, keys = [key.publicKey]): DnfRepository => ({
  distribution: 'test',
  name: '1',
  manager: 'dnf',
  suite: 'bookworm',
  sources: repoFile(server.url),
  keys,
  kernels: [
    {
      package: 'kernel-devel',
      uname: '{version}-{release}.{arch}',
      kdir: '/usr/src/kernels/{uname}',
      stock: true,
    },
  ],
});

/** The kernels of a repository as dnf, in a container, lists them. Nothing is cached before. */
const list = (repository: DnfRepository): Promise<AvailableKernel[]> =>
  withSession(options(temporaryDirectory()), ({ provider }) =>
    dnfManager.kernels(repository, provider),
  );

const options = (cache: string) => ({
  cache,
  runtime: 'docker' as const,
  emit: () => undefined,
  signal: new AbortController().signal,
});

/** Downloads the packages of all kernels at once. Gives what came of each, by its version. */
async function downloadAll(repository: DnfRepository, work: string) {
  const lines: string[] = [];
  const results = await withSession(options(temporaryDirectory()), async ({ provider }) => {
    const kernels = await dnfManager.kernels(repository, provider);
    const packages = kernels.flatMap(({ sets }) => sets[0] ?? []);
    const onProgress = (progress: object) => lines.push(JSON.stringify(progress));
    const downloads = await dnfManager.download(repository, packages, work, provider, onProgress);
    return new Map(packages.map(({ version }, i) => [version, downloads[i]]));
  });
  const of = (version: string): Download => {
    const result = results.get(`${version}-1.fc41`);
    if (result === undefined) throw new Error(`nothing is known of ${version}`);
    return result;
  };
  const errorOf = (version: string): KbuildError => {
    const result = of(version);
    if (!('error' in result)) throw new Error(`${version} was taken`);
    return result.error;
  };
  return { of, errorOf, lines };
}

describe('a repository of small packages, each with a fault of its own', () => {
  let directory: string;
  let server: RpmServer;

  beforeAll(async () => {
    directory = join(home, 'small');
    const root = temporaryDirectory({
      'usr/src/kernels/6.1/data': randomBytes(300_000),
      'usr/src/kernels/6.1/empty file': '',
      'usr/src/kernels/6.1/link': { link: 'data' },
    });
    const versions = { '6.1.1': key, '6.1.2': undefined, '6.1.3': stranger };
    const faulty = ['6.1.4', '6.1.5', '6.1.6', '6.1.7'].map((version) => [version, key] as const);
    for (const [version, by] of [...Object.entries(versions), ...faulty]) {
      const whole = { name: 'kernel-devel', version, release: '1.fc41', arch: 'x86_64', root };
      await makeRpm(directory, { ...whole, ...(by && { key: by }) });
    }
    await indexRepository(directory, key);
    server = await serving(directory);
  });

  it('lists what rpm and sha256sum say of the packages', async () => {
    const kernels = await list(describing(server));
    expect(kernels.map(({ release }) => release)).toEqual(
      ['7', '6', '5', '4', '3', '2', '1'].map((last) => `6.1.${last}-1.fc41.x86_64`),
    );
    for (const { release, sets } of kernels) {
      const file = join(directory, `kernel-devel-${release}.rpm`);
      const { stdout } = await execa('sha256sum', [file]);
      expect(sets[0]?.[0]).toMatchObject({
        sha256: stdout.slice(0, 64),
        size: statSync(file).size,
        architecture: 'x86_64',
      });
    }
  });

  it('unpacks the good one, and says of every other what is wrong with it', async () => {
    server.faults.set('6.1.4-1.fc41.x86_64.rpm', 'missing');
    server.faults.set('6.1.5-1.fc41.x86_64.rpm', 'truncated');
    server.faults.set('6.1.6-1.fc41.x86_64.rpm', 'corrupt');
    server.faults.set('6.1.7-1.fc41.x86_64.rpm', 'cut');
    const work = temporaryDirectory();
    server.requests.length = 0;
    const { of, errorOf, lines } = await downloadAll(describing(server), work);
    server.faults.clear();
    // What is there is not asked for again because of what is not.
    expect(server.requests.filter((path) => path.includes('-6.1.1-'))).toHaveLength(1);

    const good = of('6.1.1');
    if ('error' in good) throw good.error;
    const rpm = join(directory, 'kernel-devel-6.1.1-1.fc41.x86_64.rpm');
    const expected = temporaryDirectory();
    await execa('sh', ['-c', 'rpm2cpio "$1" | cpio -idm --quiet', 'sh', rpm], { cwd: expected });
    await execa('diff', ['--recursive', '--no-dereference', expected, good.directory]);
    // Nothing of the others stays, and nothing of how it was done.
    expect(readdirSync(work).map((name) => join(work, name))).toEqual([dirname(good.directory)]);

    const name = (version: string) =>
      `kernel-devel ${version}-1.fc41 (x86_64) could not be fetched from test:1: `;
    const told = ['2', '3', '4', '5', '6', '7'].map((last) => {
      const { code, message } = errorOf(`6.1.${last}`);
      expect(code).toBe('FETCH_FAILED');
      expect(message).toContain(name(`6.1.${last}`));
      return message.slice(name('6.1.1').length);
    });
    expect(told).toEqual([
      'it is not signed',
      expect.stringMatching(
        /^it is signed with a key that is not the repository's \(key ID \w+\)$/,
      ),
      expect.stringMatching(/^Status code: 404 for http\S+6\.1\.4-1\.fc41\.x86_64\.rpm$/),
      expect.stringMatching(/checksum|size/i),
      expect.stringMatching(/checksum/i),
      expect.stringMatching(/Curl error \(18\)|closed with \d+ bytes remaining/),
    ]);
    expect(lines.join('\n')).toContain('kernel-devel-6.1.1-1.fc41.x86_64.rpm');
  });

  it('believes no metadata that were changed, or that another has signed', async () => {
    const tampered = join(home, 'tampered');
    await cp(directory, tampered, { recursive: true });
    const file = join(tampered, 'repodata/repomd.xml');
    await writeFile(file, (await readFile(file, 'utf8')).replace('<revision>', '<revision>1'));
    const { url } = await serving(tampered);
    const repository = { ...describing(server), sources: repoFile(url) };
    const error = await kbuildErrorOf(() => list(repository));
    expect(error.code).toBe('FETCH_FAILED');
    expect(error.message).toMatch(
      /^the package index of test:1 could not be fetched: .*(gpg|signature)/i,
    );

    await signMetadata(tampered, stranger);
    const strange = await kbuildErrorOf(() => list(repository));
    expect(strange.message).toMatch(/gpg|signature/i);
    // Whoever trusts the other key has no complaint.
    expect(await list({ ...repository, keys: [stranger.publicKey] })).toHaveLength(7);
  });

  it('refuses an older package that a lying index gives for a newer one', async () => {
    const lying = join(home, 'lying');
    await cp(directory, lying, { recursive: true });
    const old = join(lying, 'kernel-devel-6.1.1-1.fc41.x86_64.rpm');
    for (const last of ['2', '3', '4', '5', '6']) {
      await rm(join(lying, `kernel-devel-6.1.${last}-1.fc41.x86_64.rpm`));
    }
    const claimed = join(lying, 'kernel-devel-6.1.7-1.fc41.x86_64.rpm');
    await execa('createrepo_c', ['--quiet', '--no-database', lying]);
    const { size } = statSync(old);
    const hash = (path: string) => createHash('sha256').update(readFileSync(path)).digest('hex');
    const [from, to] = [hash(claimed), hash(old)];
    await cp(old, claimed);
    await rewritePrimary(lying, (xml) =>
      xml.replaceAll(from, to).replaceAll(/package="\d+"/g, `package="${size}"`),
    );
    const { url } = await serving(lying);
    const unsigned = repoFile(url).replace('repo_gpgcheck=1', 'repo_gpgcheck=0');
    const work = temporaryDirectory();
    const { errorOf } = await downloadAll({ ...describing(server), sources: unsigned }, work);
    expect(errorOf('6.1.7').message).toContain(
      'it is another package: kernel-devel-6.1.1-1.fc41.x86_64',
    );
  });

  it('lists what there is of a repository that has one arch alone', async () => {
    const { url } = await serving(home);
    await rm(join(home, 'of-x86_64'), { recursive: true, force: true });
    await cp(directory, join(home, 'of-x86_64'), { recursive: true });
    const sources = repoFile(`${url}/of-$basearch`);
    expect(await list({ ...describing(server), sources })).toHaveLength(7);
    const nowhere = repoFile(`${url}/nowhere-$basearch`);
    const error = await kbuildErrorOf(() => list({ ...describing(server), sources: nowhere }));
    expect(error.message).toMatch(/Status code: 404 for http\S+nowhere-\w+\/repodata\/repomd\.xml/);
  });

  it('says which repository does not answer', async () => {
    const gone = await serveRpms(directory);
    gone.stop();
    const error = await kbuildErrorOf(() => list(describing(gone)));
    expect(error.code).toBe('FETCH_FAILED');
    expect(error.message).toMatch(/test:1 could not be fetched: .*Curl error \(7\)/);
  });
});

/** Changes the list of packages of a repository without a signature. */
async function rewritePrimary(directory: string, change: (xml: string) => string): Promise<void> {
  const repodata = join(directory, 'repodata');
  const packed = readdirSync(repodata).find((name) => name.endsWith('-primary.xml.gz')) ?? '';
  const primary = join(repodata, 'primary.xml');
  const { stdout } = await execa('gzip', ['-dc', join(repodata, packed)]);
  await writeFile(primary, change(stdout));
  await execa('modifyrepo_c', ['--remove', 'primary', repodata]);
  await execa('modifyrepo_c', ['--mdtype', 'primary', primary, repodata]);
}

describe('kernel-devel packages with a whole KDIR each', () => {
  const version = '6.1.192';
  const release = '200.fc41';
  let description: string;
  let server: RpmServer;
  let cache: string;

  beforeAll(async () => {
    const directory = join(home, 'kernels');
    for (const name of ['x86_64', 'arm64']) {
      const arch = archByName(name);
      const kdir = await fetchedKdir('debian:bookworm', name);
      const part = (pattern: RegExp): string => {
        const mount = kdir.mounts.find(({ target }) => pattern.test(target));
        if (mount === undefined) throw new Error(`${kdir.path} has no part like ${pattern.source}`);
        return mount.source;
      };
      const root = join(home, `root-${name}`);
      const parts = {
        headers: part(/^\/usr\/src\/linux-headers-[^/]+-(amd64|arm64)$/),
        common: part(/^\/usr\/src\/linux-headers-[^/]+-common$/),
        kbuild: dirname(part(/\/linux-kbuild-[^/]+\/scripts$/)),
      };
      const uname = `${version}-${release}.${arch.rpm}`;
      await layOutKernelDevel(root, parts, arch.srcarch, uname);
      await makeRpm(directory, {
        name: 'kernel-devel',
        version,
        release,
        arch: arch.rpm,
        root,
        key,
      });
      await rm(root, { recursive: true });
    }
    await indexRepository(directory, key);
    server = await serving(directory);
    cache = temporaryDirectory();
    const { sources = '', kernels } = describing(server);
    const yaml = JSON.stringify({
      ...{ distribution: 'test', name: '1', manager: 'dnf', suite: 'bookworm' },
      ...{ sources, keys: ['kernels.asc'], kernels },
    });
    description = join(writeTree(home, { 'test.yaml': yaml }), 'test.yaml');
  });

  const env = () => ({ KBUILD_TS_CACHE_DIR: cache });

  it('are listed by the command line', async () => {
    const { document, stderr } = await kbuildJson<{ kernels: { ref: string; arch: string }[] }>(
      ['kernel', 'list', 'test:1', '--repository', description],
      { env: env() },
    );
    expect(document.kernels, stderr).toHaveLength(2);
    expect(document.kernels).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ ref: `test:1/${version}-${release}.x86_64`, arch: 'x86_64' }),
        expect.objectContaining({ ref: `test:1/${version}-${release}.aarch64`, arch: 'arm64' }),
      ]),
    );
  });

  it('build a module for both archs, verified, and again without any network', async () => {
    const output = temporaryDirectory();
    const args = [join(examples, 'hello'), '--kernel', 'test:1', '--repository', description];
    const both = [...args, '--arch', 'arm64,x86_64', '--out', output, '--no-cache'];
    const { exitCode, document, stderr } = await build(both, { env: env() });
    expect(exitCode, stderr).toBe(0);
    expect(document.jobs.map(({ arch, release: of, status }) => [arch, of, status]).sort()).toEqual(
      [
        ['arm64', `${version}-${release}.aarch64`, 'built'],
        ['x86_64', `${version}-${release}.x86_64`, 'built'],
      ],
    );
    for (const { artifacts, release: of } of document.jobs) {
      const path = join(output, artifacts[0]?.path ?? '');
      const { tags } = await kmodInfo(path);
      expect(tags.vermagic?.[0]?.split(' ')[0]).toBe(of);
    }
    const asked = server.requests.length;
    const again = await build([...both, '--offline'], { env: env() });
    expect(again.exitCode, again.stderr).toBe(0);
    expect(server.requests).toHaveLength(asked);
  });

  it('leave nothing in the cache where a package is damaged', async () => {
    const own = temporaryDirectory();
    server.faults.set('x86_64.rpm', 'corrupt');
    const { exitCode, stderr } = await build(
      [
        join(examples, 'hello'),
        '--kernel',
        'test:1',
        '--repository',
        description,
        '--arch',
        'x86_64',
      ],
      { env: { KBUILD_TS_CACHE_DIR: own } },
    );
    server.faults.clear();
    expect(exitCode).toBe(4);
    expect(stderr).toMatch(
      /kernel-devel 6\.1\.192-200\.fc41 \(x86_64\) could not be fetched .*checksum/is,
    );
    const packages = join(own, 'packages');
    expect(existsSync(packages) ? readdirSync(packages) : []).toEqual([]);
  });
});
