import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  startAptRepository,
  type AptRepositoryServer,
  type Publishing,
} from '../support/apt-repository.js';
import { cacheListing, leftovers, namesIn } from '../support/cache-listing.js';
import { kbuild, start } from '../support/cli.js';
import { containersOf } from '../support/docker.js';
import type { Fault } from '../support/faulty-server.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

const size = 300_000; // of what weighs in each package of headers, in bytes
const wanted = 'acme:stable/6.1.0-90-arm64';
const deb = 'linux-headers-6.1.0-90-arm64_6.1.900-1_arm64.deb';
const day = 86_400_000; // milliseconds

let server: AptRepositoryServer;
/** A cache that has a kernel already, which shares packages with the one that is wanted. */
let stocked: string;

beforeAll(async () => {
  server = await startAptRepository([
    { abi: '6.1.0-90', flavour: 'amd64', size },
    { abi: '6.1.0-90', flavour: 'arm64', size },
    { abi: '6.1.0-90', flavour: 'cloud-arm64', size },
  ]);
  stocked = temporaryDirectory();
  const { exitCode, stderr } = await fetchKernel(stocked, ['acme:stable/6.1.0-90-amd64']);
  expect([exitCode, stderr]).toEqual([0, expect.any(String)]);
});
afterEach(async () => {
  server.reset();
  await server.publish();
});
afterAll(() => server.stop());

const environment = (cache: string) => ({ env: { KBUILD_TS_CACHE_DIR: cache } });
const fetchArgs = (refs: string[]) => ['kernel', 'fetch', ...refs, '--repository', server.file];
const fetchKernel = (cache: string, refs = [wanted]) => kbuild(fetchArgs(refs), environment(cache));

function stockedCache(): string {
  const cache = temporaryDirectory();
  execFileSync('cp', ['-a', `${stocked}/.`, cache]);
  return cache;
}

const pool = () => join(dirname(server.file), 'www/pool');

/** The file of the repository whose name contains a text. */
const poolFile = (part: string) =>
  join(pool(), namesIn(pool()).find((name) => name.includes(part)) ?? '');

/** Where a cache has the package of a file of the repository. */
function packageIn(cache: string, file: string): string | undefined {
  const [name = '', , architecture = ''] = basename(file, '.deb').split('_');
  const found = namesIn(join(cache, 'packages')).find(
    (entry) => entry.startsWith(`${name}_`) && entry.includes(`_${architecture}`),
  );
  return found === undefined ? undefined : join(cache, 'packages', found, 'root');
}

/** How the packages of a cache differ from what dpkg unpacks of the repository's files. */
function differences(cache: string): string[] {
  return namesIn(pool()).flatMap((file) => {
    const unpacked = packageIn(cache, file);
    if (unpacked === undefined) return [];
    const expected = temporaryDirectory();
    execFileSync('dpkg-deb', ['-x', join(pool(), file), expected]);
    try {
      execFileSync('diff', ['-r', '--no-dereference', expected, unpacked], { encoding: 'utf8' });
      return [];
    } catch (error) {
      return [(error as { stdout: string }).stdout];
    }
  });
}

/** The wanted kernel is there, whole, and nothing else has come to be. */
function expectWanted(
  cache: string,
  { exitCode, stderr }: { exitCode: number | undefined; stderr: string },
) {
  expect([exitCode, stderr]).toEqual([0, expect.any(String)]);
  expect(packageIn(cache, deb)).toBeDefined();
  expect(differences(cache)).toEqual([]);
  expect(leftovers(cache)).toEqual([]);
}

describe('a package that is not what the index says', () => {
  it.each<[string, Fault, RegExp]>([
    ['is missing', { kind: 'missing' }, /404/],
    ['is cut again and again', { kind: 'cut', after: size / 3 }, /connection|closed|end|read/i],
    ['is cut at its last byte', { kind: 'cut', after: size + 500 }, /connection|closed|end|read/i],
    ['is truncated', { kind: 'truncated', to: size / 2 }, /size|hash/i],
    ['is empty', { kind: 'truncated', to: 0 }, /size|hash/i],
    ['is corrupted', { kind: 'corrupted', at: size / 2 }, /hash/i],
    ['is corrupted in its first byte', { kind: 'corrupted', at: 0 }, /hash/i],
    [
      'is another, cut before apt can say so',
      { kind: 'forged', by: '-cloud-arm64_6' },
      /connection|closed|end|read/i,
    ],
  ])('is refused where it %s', async (_, given, reason) => {
    const fault = given.kind === 'forged' ? { ...given, by: poolFile(given.by) } : given;
    const cache = stockedCache();
    const before = cacheListing(cache);
    server.breakFiles(deb, fault);
    const { exitCode, stderr } = await fetchKernel(cache);
    expect(stderr).toContain('[FETCH_FAILED]');
    expect(stderr).toContain('linux-headers-6.1.0-90-arm64 6.1.900-1');
    expect(stderr).toMatch(reason);
    expect(exitCode).toBe(4);
    expect(cacheListing(cache)).toEqual(before);
    expect(leftovers(cache)).toEqual([]);

    server.reset();
    expectWanted(cache, await fetchKernel(cache));
  });

  it('keeps those that are, and others that are asked for with it', async () => {
    const cache = temporaryDirectory();
    server.breakFiles(deb, { kind: 'corrupted', at: 1000 });
    const { exitCode, stderr } = await fetchKernel(cache, ['acme:stable/6.1.0-90-*arm64']);
    expect([exitCode, stderr]).toEqual([4, expect.stringContaining('6.1.0-90-arm64 6.1.900-1')]);
    expect(packageIn(cache, deb)).toBeUndefined();
    expect(differences(cache)).toEqual([]);
    const requests = server.requests.length;
    const other = await fetchKernel(cache, ['acme:stable/6.1.0-90-cloud-arm64']);
    expect([other.exitCode, server.requests.length]).toEqual([0, requests]);
  });
});

describe('a connection', () => {
  it('that is cut once is taken up where it was', async () => {
    const cache = stockedCache();
    server.breakFiles(deb, { kind: 'cut', after: size / 3, times: 1 });
    expectWanted(cache, await fetchKernel(cache));
    const ranges = server.requests.filter(({ path }) => path.endsWith(deb)).map((r) => r.range);
    expect(ranges).toEqual([undefined, expect.stringMatching(/^bytes=[1-9]\d*-$/)]);
  });

  it('that hangs is given up and made again', async () => {
    const cache = stockedCache();
    server.breakFiles(deb, { kind: 'hang', after: size / 3, times: 1 });
    expectWanted(cache, await fetchKernel(cache));
    expect(server.count(deb)).toBe(2);
  });

  it('that hangs does not hold up who interrupts it, and leaves nothing', async () => {
    const cache = stockedCache();
    const before = cacheListing(cache);
    server.breakFiles(deb, { kind: 'hang', after: size / 3 });
    const child = start(fetchArgs([wanted]), environment(cache));
    await until(() => server.count(deb) > 0);
    child.kill('SIGINT');
    const { exitCode, stderr } = await child;
    expect([exitCode, stderr]).toEqual([130, expect.stringContaining('[INTERRUPTED]')]);
    expect(cacheListing(cache)).toEqual(before);
    expect(leftovers(cache)).toEqual([]);
    expect(await containersOf('apt for acme:stable')).toEqual([]);
  });
});

describe('an index', () => {
  it.each<[string, Publishing, string, RegExp]>([
    ['signed by a key that is not known', { signature: 'other' }, '', /NO_PUBKEY|not signed/],
    ['that nobody signed', { signature: 'none' }, '', /not signed/],
    ['signed by another, also an expired one', { signature: 'other' }, '--allow-expired', /NO_PUB/],
    ['that nobody signed, also', { signature: 'none' }, '--allow-expired', /not signed/],
    ['that has expired', { validUntil: new Date(Date.now() - day) }, '', /expired/],
  ])('%s is refused', async (_, how, option, reason) => {
    await server.publish(how);
    const cache = temporaryDirectory();
    const { exitCode, stderr } = await fetchKernel(cache, [wanted, ...(option ? [option] : [])]);
    expect(stderr).toContain('[FETCH_FAILED]');
    expect(stderr).toContain('acme:stable');
    expect(stderr).toMatch(reason);
    expect(exitCode).toBe(4);
    expect(cacheListing(cache)).toEqual([]);
    expect(server.count('.deb')).toBe(0);
  });

  it('that has expired is taken by those who say so, and nothing but expired', async () => {
    await server.publish({ validUntil: new Date(Date.now() - day) });
    const cache = temporaryDirectory();
    const refused = await fetchKernel(cache);
    expect([refused.exitCode, refused.stderr]).toEqual([4, expect.stringContaining('--allow-exp')]);
    expectWanted(cache, await fetchKernel(cache, [wanted, '--allow-expired']));
  });

  it('whose time is not over is taken', async () => {
    await server.publish({ validUntil: new Date(Date.now() + day) });
    const cache = temporaryDirectory();
    expectWanted(cache, await fetchKernel(cache));
  });

  it.each<[string, string, Fault, RegExp]>([
    ['that is missing', 'Release', { kind: 'missing' }, /404|not have a Release file/],
    ['of packages that is missing', 'Packages', { kind: 'missing' }, /404/],
    ['of packages that is corrupted', 'Packages', { kind: 'corrupted', at: 40 }, /hash|size/i],
    ['of packages that is truncated', 'Packages', { kind: 'truncated', to: 100 }, /hash|size/i],
    ['that is corrupted', 'InRelease', { kind: 'corrupted', at: 200 }, /BADSIG|signature|signed/],
  ])('%s is refused', async (_, file, fault, reason) => {
    server.breakFiles(file, fault);
    const cache = temporaryDirectory();
    const { exitCode, stderr } = await fetchKernel(cache);
    expect([exitCode, stderr]).toEqual([4, expect.stringMatching(reason)]);
    expect(stderr).toContain('[FETCH_FAILED]');
    expect(cacheListing(cache)).toEqual([]);

    server.reset();
    expectWanted(cache, await fetchKernel(cache));
  });
});

describe('two processes at once', () => {
  it('both get a kernel, and each file is downloaded once', async () => {
    const cache = temporaryDirectory();
    server.breakFiles('.deb', { kind: 'slow', bytesPerSecond: size / 2 });
    const both = await Promise.all([fetchKernel(cache), fetchKernel(cache)]);
    for (const result of both) expectWanted(cache, result);
    const debs = server.requests.filter(({ path }) => path.endsWith('.deb'));
    expect(debs.map(({ path }) => path).sort()).toEqual([
      `/pool/${deb}`,
      '/pool/linux-headers-6.1.0-90-common_6.1.900-1_all.deb',
      '/pool/linux-kbuild-6.1_6.1.900-1_amd64.deb',
    ]);
  });

  it('that want other kernels share what these have in common', async () => {
    const cache = temporaryDirectory();
    server.breakFiles('.deb', { kind: 'slow', bytesPerSecond: size / 2 });
    const refs = [['acme:stable/6.1.0-90-cloud-arm64'], ['acme:stable/6.1.0-90-amd64'], [wanted]];
    const all = await Promise.all(refs.map((ref) => fetchKernel(cache, ref)));
    for (const result of all) expectWanted(cache, result);
    expect(server.count('-common_6.1.900-1_all.deb')).toBe(1);
    expect(server.count('.deb')).toBe(5);
  });

  it('of which one is killed: the other gets it', async () => {
    const cache = stockedCache();
    server.breakFiles(deb, { kind: 'slow', bytesPerSecond: size / 10, times: 1 });
    const killed = start(fetchArgs([wanted]), environment(cache));
    await until(() => server.count(deb) > 0);
    const other = fetchKernel(cache);
    await sleep(1500);
    killed.kill('SIGKILL');
    await killed;
    const { exitCode, stderr } = await other;
    expect([exitCode, stderr]).toEqual([0, expect.any(String)]);
    // The scratch directory of the killed one goes with the next run.
    expectWanted(cache, await fetchKernel(cache));
  });
});

describe('a process that is killed', () => {
  it('while it downloads, leaves what was there, and the next one succeeds', async () => {
    const cache = stockedCache();
    const before = cacheListing(cache);
    server.breakFiles(deb, { kind: 'slow', bytesPerSecond: size / 10, times: 1 });
    const child = start(fetchArgs([wanted]), environment(cache));
    await until(() => server.count(deb) > 0);
    await sleep(500);
    child.kill('SIGKILL');
    await child;
    const kept = cacheListing(cache).filter((entry) => !/^(runs|locks)\//.test(entry));
    expect(kept).toEqual(before);
    expectWanted(cache, await fetchKernel(cache));
    expect(await containersOf('apt for acme:stable')).toEqual([]);
    expect(cacheListing(cache)).toEqual(expect.arrayContaining(before));
  });

  it('at any time, leaves no package that is not whole', async () => {
    const cache = temporaryDirectory();
    for (let milliseconds = 150; milliseconds < 3500; milliseconds += 250) {
      const child = start(fetchArgs([wanted]), environment(cache));
      await sleep(milliseconds);
      child.kill('SIGKILL');
      await child;
      expect(differences(cache)).toEqual([]);
      if (packageIn(cache, deb) !== undefined && milliseconds > 1500) break;
    }
    expectWanted(cache, await fetchKernel(cache));
  });
});

describe('a disk that is full', () => {
  let cache: string;
  beforeAll(() => {
    cache = mkdtempSync(join(tmpdir(), 'kbuild-ts-full-'));
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', cache]);
    execFileSync('cp', ['-a', `${stocked}/.`, cache]);
  });
  afterAll(() => {
    execFileSync('umount', ['--lazy', cache]);
    rmSync(cache, { recursive: true });
  });

  /** Leaves so many bytes of the cache's disk. */
  function fillUp(bytes: number): string {
    const filler = join(cache, 'filler');
    try {
      writeFileSync(filler, Buffer.alloc(8 * 2 ** 20));
    } catch {
      // as full as can be
    }
    truncateSync(filler, statSync(filler).size - bytes);
    return filler;
  }

  it.each([
    ['before the package is there', 100_000],
    ['while it is unpacked', size + 150_000],
    ['at once', 0],
  ])('%s is told, loses nothing, and is no trouble any more when it is not', async (_, bytes) => {
    const before = cacheListing(cache);
    const filler = fillUp(bytes);
    const { exitCode, stderr } = await fetchKernel(cache);
    rmSync(filler);
    expect([exitCode, stderr]).toEqual([4, expect.stringMatching(/no space left on device/i)]);
    expect(stderr).toMatch(/\[(STORAGE|FETCH)_FAILED\]/);
    expect(stderr).toMatch(/hint .*\bdisk\b/i);
    expect(cacheListing(cache)).toEqual(before);
    expect(leftovers(cache)).toEqual([]);
  });

  it('is told where not even the index finds room, and leaves none', async () => {
    rmSync(join(cache, 'repositories'), { recursive: true });
    const before = cacheListing(cache);
    const filler = fillUp(20_000);
    const { exitCode, stderr } = await fetchKernel(cache);
    rmSync(filler);
    expect([exitCode, stderr]).toEqual([4, expect.stringMatching(/no space left on device/i)]);
    expect(cacheListing(cache)).toEqual(before);
    expect(leftovers(cache)).toEqual([]);
  });

  it('is no trouble when it is full no more', async () => {
    expectWanted(cache, await fetchKernel(cache));
  });
});

describe('--offline', () => {
  it('takes what the cache has, and asks nobody', async () => {
    const cache = temporaryDirectory();
    const own = await startAptRepository([{ abi: '6.1.0-90', flavour: 'amd64' }]);
    const fetchOf = (ref: string, ...options: string[]) => {
      const args = ['kernel', 'fetch', ref, '--arch', 'x86_64', '--repository', own.file];
      return kbuild([...args, ...options], environment(cache));
    };
    const first = await fetchOf('acme:stable');
    expect([first.exitCode, first.stderr]).toEqual([0, expect.any(String)]);
    own.reset();
    for (const ref of ['acme:stable', 'acme:stable/6.1.0-90-amd64', 'acme:stable/*-amd64']) {
      expect((await fetchOf(ref, '--offline')).exitCode).toBe(0);
    }
    expect(own.requests).toEqual([]);
    await own.stop(); // and nobody answers there
    for (const ref of ['acme:stable', 'acme:stable/6.1.0-90-amd64', 'acme:stable/*-amd64']) {
      const result = await fetchOf(ref, '--offline');
      expect([result.exitCode, result.stderr]).toEqual([0, expect.any(String)]);
      expect(result.stdout).toContain('6.1.0-90-amd64');
    }
  });

  it('says which kernel is not there', async () => {
    const cache = stockedCache();
    const before = cacheListing(cache);
    const { exitCode, stderr } = await fetchKernel(cache, [wanted, '--offline']);
    expect([exitCode, stderr]).toEqual([4, expect.stringContaining('[FETCH_FAILED]')]);
    expect(stderr).toContain("no kernel '6.1.0-90-arm64' of acme:stable is in the cache");
    expect(stderr).toContain('--offline');
    expect(server.requests).toEqual([]);
    expect(cacheListing(cache)).toEqual(before);
  });

  it('says so of an empty cache too, and takes for latest the newest that is there', async () => {
    const cache = temporaryDirectory();
    const { exitCode, stderr } = await fetchKernel(cache, [wanted, '--offline']);
    expect([exitCode, stderr]).toEqual([
      4,
      expect.stringContaining('of acme:stable is in the cache'),
    ]);
    const latest = await fetchKernel(stockedCache(), ['acme:stable', '-a', 'x86_64', '--offline']);
    expect([latest.exitCode, latest.stdout]).toEqual([0, expect.stringContaining('-amd64')]);
    expect(server.requests).toEqual([]);
  });
});

async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; !condition(); tries++) {
    if (tries > 600) throw new Error('waited in vain');
    await sleep(50);
  }
}
