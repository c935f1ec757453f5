import { spawn } from 'node:child_process';
import { existsSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { cacheListing, namesIn } from '../../test/support/cache-listing.js';
import { bookwormRepository, fakeApt } from '../../test/support/fake-apt.js';
import { kbuildErrorOf } from '../../test/support/kbuild-error-of.js';
import { writeTree } from '../../test/support/temporary-directory.js';
import { fetchedKernels, recordFetched, recordPath } from '../kernel/providers/fetched-kernel.js';
import { shippedRepositories } from '../kernel/repository.js';
import { hostIdentity } from '../storage/owner.js';
import { prune } from './prune.js';
import type { Session } from './session.js';

const day = 86_400_000; // milliseconds

const sid = shippedRepositories().find(({ name }) => name === 'sid') ?? bookwormRepository;

/** Kernels, and what their packages are called. */
const kernels = [
  [bookwormRepository, '6.1.0-50-arm64', 'headers-50', 'common-50', 'kbuild'],
  [bookwormRepository, '6.1.0-56-arm64', 'headers-56', 'common-56', 'kbuild'],
  [bookwormRepository, '6.1.0-56-cloud-arm64', 'headers-56-cloud', 'common-56', 'kbuild'],
  [sid, '6.12.5-arm64', 'headers-sid'],
] as const;

const refs = kernels.map(([{ name }, release]) => `debian:${name}/${release}`);

/** A cache with all that can lie in one, nothing of it old. */
async function filledCache() {
  const { context } = fakeApt({ index: undefined, packages: {} });
  const { cache } = context;
  writeTree(cache, {
    'runs/own/owner': `${process.pid}:1:${hostIdentity()}`,
    'layers/aaaa/root/x': 'x',
    'layers/bbbb/root/x': 'x',
    'layers/cccc.lock': { link: `${process.pid}:1:nowhere` },
    'kernels/source/6.12-x/bzImage': 'x',
    'sources/tree/root/Makefile': 'x',
    'packages/nobodys/root/x': 'x',
  });
  for (const [repository, release, ...packages] of kernels) {
    const parts = packages.map((name) => {
      const directory = join(cache, 'packages', name);
      writeTree(directory, { 'root/file': name });
      return { directory, item: { name, version: '1', architecture: 'all' } };
    });
    const kernel = { release, arch: 'arm64', stock: true, sets: [], kdir: '/kdir' };
    await recordFetched(cache, repository, kernel, parts);
  }
  const session = { cache, scratch: join(cache, 'runs/own'), provider: context } as Session;
  const names = async (named: string[], unusedFor?: number, dryRun = false) =>
    (await prune({ refs: named, unusedFor, dryRun }, session)).map(({ name }) => name);
  return { cache, session, names };
}

/** Makes as if something was last used some days ago. */
function age(days: number, ...paths: string[]): void {
  const time = new Date(Date.now() - days * day);
  for (const path of paths) utimesSync(path, time, time);
}

const packagesIn = (cache: string) => namesIn(join(cache, 'packages'));

describe('pruning what is named', () => {
  it.each<[string, number[]]>([
    ['debian:bookworm', [0, 1, 2]],
    ['debian:b*', [0, 1, 2]],
    ['debian:*', [0, 1, 2, 3]],
    ['debian:bookworm/*', [0, 1, 2]],
    ['debian:bookworm/6.1.0-56-arm64', [1]],
    ['debian:bookworm/*-cloud-*', [2]],
    ['debian:*/*-arm64', [0, 1, 2, 3]],
    ['debian:bookworm/6.1.0-51..', [1, 2]],
    ['debian:bookworm/..6.1.0-50', [0]],
    ['debian:*/6.2..', [3]],
  ])('takes of kernels for %s those that it names alone', async (ref, expected) => {
    const { cache, names } = await filledCache();
    const pruned = await names([ref]);
    const gone = expected.map((i) => refs[i]);
    expect(pruned.filter((name) => name.includes(':')).sort()).toEqual(gone.sort());
    const left = [bookwormRepository, sid].flatMap((one) => fetchedKernels(cache, one));
    expect([...left.map(({ ref: one }) => one), ...gone].sort()).toEqual([...refs].sort());
    expect(pruned.filter((name) => /^(layers|sources|kernels)\//.test(name))).toEqual([]);
  });

  it('takes packages that only what goes needs, and leaves those that others share', async () => {
    const { cache, names } = await filledCache();
    const pruned = await names(['debian:bookworm/6.1.0-56-arm64']);
    expect(pruned).toEqual(['debian:bookworm/6.1.0-56-arm64', 'packages/headers-56']);
    await names(['debian:bookworm/*-cloud-*']);
    expect(packagesIn(cache)).toEqual([
      ...['common-50', 'headers-50', 'headers-sid', 'kbuild', 'nobodys'],
    ]);
    await names(['debian:bookworm']);
    expect(packagesIn(cache)).toEqual(['headers-sid', 'nobodys']);
  });

  it('leaves what is old, and was not named', async () => {
    const { cache, names } = await filledCache();
    age(900, join(cache, 'layers/aaaa'), join(cache, 'packages/nobodys'));
    age(900, recordPath(cache, sid, { release: '6.12.5-arm64', arch: 'arm64' }));
    expect(await names(['layers/bbbb'])).toEqual(['layers/bbbb']);
  });

  it.each<[string, string[]]>([
    ['layers/*', ['layers/aaaa', 'layers/bbbb']],
    ['layers/a*', ['layers/aaaa']],
    ['sources/*', ['sources/tree']],
    ['kernels/source/*', ['kernels/source/6.12-x']],
  ])('takes of directories for %s those that it names', async (glob, expected) => {
    const { cache, names } = await filledCache();
    expect((await names([glob])).sort()).toEqual(expected);
    for (const name of expected) expect(existsSync(join(cache, name))).toBe(false);
    expect(namesIn(join(cache, 'layers'))).toContain('cccc.lock');
    expect(fetchedKernels(cache, bookwormRepository)).toHaveLength(3);
  });

  it.each([
    ['debian:bookworm/latest', 'KERNEL_REF', 'does not name fetched kernels'],
    ['debian:bookworm/*-cloud-*/latest', 'KERNEL_REF', 'does not name fetched kernels'],
    ['source:/x/y', 'KERNEL_REF', 'does not name fetched kernels'],
    ['debian:bookwurm', 'KERNEL_UNKNOWN', 'debian:bookwurm'],
    [
      'debian:bookworm/7.*',
      'KERNEL_UNKNOWN',
      "nothing in the cache is called 'debian:bookworm/7.*'",
    ],
    ['debian:bullseye', 'KERNEL_UNKNOWN', "nothing in the cache is called 'debian:bullseye'"],
    ['layers/zzzz', 'KERNEL_UNKNOWN', "nothing in the cache is called 'layers/zzzz'"],
    ['../*', 'KERNEL_UNKNOWN', 'nothing in the cache'],
    ['packages/*', 'KERNEL_UNKNOWN', 'nothing in the cache'],
    ['debian:bookworm/a b', 'KERNEL_REF', 'a b'],
  ])('refuses %s, and removes nothing, of what else is named neither', async (ref, code, said) => {
    const { cache, names } = await filledCache();
    const before = cacheListing(cache);
    const error = await kbuildErrorOf(() => names(['debian:sid', ref]));
    expect([error.code, error.message]).toEqual([code, expect.stringContaining(said)]);
    expect(cacheListing(cache)).toEqual(before);
  });
});

describe('pruning what is old', () => {
  it('takes what nothing has used for so long, whatever it is, and what only that needs', async () => {
    const { cache, names } = await filledCache();
    const [old, young] = [31, 29];
    const record = (i: number) => {
      const [repository = sid, release = ''] = kernels[i] ?? [];
      return recordPath(cache, repository, { release, arch: 'arm64' });
    };
    age(old, record(0), ...['layers/aaaa', 'sources/tree'].map((name) => join(cache, name)));
    age(young, record(3), ...['layers/bbbb', 'kernels/source/6.12-x'].map((n) => join(cache, n)));
    age(old, join(cache, 'packages/kbuild')); // a package is as old as its download
    age(old, join(cache, 'packages/nobodys'));
    expect((await names([], 30 * day)).sort()).toEqual([
      refs[0],
      'layers/aaaa',
      'packages/common-50',
      'packages/headers-50',
      'packages/nobodys',
      'sources/tree',
    ]);
    expect(await names([], 30 * day)).toEqual([]);
  });

  it('lets what bears a time in the future age from now on', async () => {
    const { cache, names } = await filledCache();
    writeTree(cache, { 'layers/dddd/root/x': 'x' });
    const layer = join(cache, 'layers/dddd');
    age(-5000, layer);
    const marked = statSync(layer).mtimeMs;
    expect(await names([], 30 * day, true)).not.toContain('layers/dddd');
    expect(statSync(layer).mtimeMs).toBe(marked);
    expect(await names([], 30 * day)).not.toContain('layers/dddd');
    expect(Math.abs(statSync(layer).mtimeMs - Date.now())).toBeLessThan(60_000);
  });

  it('takes what killed runs left unfinished, old or not', async () => {
    const { cache, names } = await filledCache();
    writeTree(cache, {
      'packages/.kbuild.1-ab/root/x': 'x',
      'layers/.dddd.1-ab/root/x': 'x',
      'sources/.tree.1-ab/x': 'x',
      'kernels/source/.6.12-x.1-ab/x': 'x',
    });
    const left = ['packages/.kbuild.1-ab', 'kernels/source/.6.12-x.1-ab', 'layers/.dddd.1-ab'];
    expect((await names([])).sort()).toEqual([...left, 'sources/.tree.1-ab'].sort());
    expect(await names([])).toEqual([]);
  });

  it('knows the packages of kernels that stay in a cache that was copied elsewhere', async () => {
    const { cache, names } = await filledCache();
    const path = recordPath(cache, sid, { release: '6.12.5-arm64', arch: 'arm64' });
    const record = JSON.parse(readFileSync(path, 'utf8')) as { packages: { directory: string }[] };
    for (const one of record.packages) one.directory = join('/old/cache/packages', one.directory);
    writeFileSync(path, JSON.stringify(record));
    age(900, join(cache, 'packages/headers-sid'));
    expect(await names([], 30 * day)).toEqual([]);
    expect(packagesIn(cache)).toContain('headers-sid');
  });
});

describe('pruning at all', () => {
  it('tells what would go, and removes nothing of it, in a dry run', async () => {
    const { cache, session, names } = await filledCache();
    writeTree(cache, { 'layers/.dddd.1-ab/root/x': 'x' });
    const before = cacheListing(cache);
    const would = await prune(
      { refs: ['debian:*', 'layers/*'], unusedFor: 1, dryRun: true },
      session,
    );
    expect(cacheListing(cache)).toEqual(before);
    for (const { name, size } of would) expect([name, size > 0]).toEqual([name, true]);
    const did = await names(['debian:*', 'layers/*'], 1);
    expect(would.map(({ name }) => name)).toEqual(did);
    expect([packagesIn(cache), namesIn(join(cache, 'layers'))]).toEqual([[], ['cccc.lock']]);
  });

  it('is refused while another run that is alive has the cache', async () => {
    const { cache, session, names } = await filledCache();
    const child = spawn('sleep', ['100'], { stdio: 'ignore' });
    onTestFinished(() => void child.kill('SIGKILL'));
    const { pid = 0 } = child;
    const started = readFileSync(`/proc/${pid}/stat`, 'utf8').split(' ')[21];
    writeTree(cache, { 'runs/other/owner': `${pid}:${started}:${hostIdentity()}` });
    const before = cacheListing(cache);
    const error = await kbuildErrorOf(() => names(['debian:*']));
    expect([error.code, error.message]).toEqual([
      'CACHE_IN_USE',
      expect.stringContaining(`PID ${pid})`),
    ]);
    expect(cacheListing(cache)).toEqual(before);
    expect(await names(['debian:sid'], undefined, true)).toHaveLength(2);
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
    expect(await names(['debian:sid'])).toHaveLength(2);
    expect(basename(session.scratch)).toBe('own');
  });

  it('finds nothing in a cache where nothing ever was', async () => {
    const { context } = fakeApt({ index: undefined, packages: {} });
    const { cache } = context;
    writeTree(cache, { 'runs/own/owner': '' });
    const session = { cache, scratch: join(cache, 'runs/own'), provider: context } as Session;
    expect(await prune({ refs: [], unusedFor: 1, dryRun: false }, session)).toEqual([]);
  });
});
