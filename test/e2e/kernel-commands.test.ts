import { mkdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ErrorReport } from '../../src/errors/kbuild-error.js';
import { startAptRepository, type AptRepositoryServer } from '../support/apt-repository.js';
import { cacheListing, namesIn } from '../support/cache-listing.js';
import { kbuild, kbuildJson, start } from '../support/cli.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

const day = 86_400_000; // milliseconds
const size = 1000;

let stable: AptRepositoryServer;
let next: AptRepositoryServer;
/** A cache that has the indexes of both, and one kernel. */
let cache: string;

beforeAll(async () => {
  stable = await startAptRepository([
    { abi: '6.1.0-9', flavour: 'amd64', size },
    { abi: '6.1.0-9', flavour: 'arm64', size },
    { abi: '6.1.0-9', flavour: 'cloud-arm64', size },
    { abi: '6.1.0-10', flavour: 'amd64', size },
    { abi: '6.1.0-10', flavour: 'arm64', size },
    { abi: '6.1.0-10', flavour: 'cloud-amd64', size },
    { abi: '6.1.0-10', flavour: 'cloud-arm64', size },
  ]);
  next = await startAptRepository([{ abi: '6.12.5+t1', flavour: 'arm64', size }], {
    name: 'next',
  });
  cache = temporaryDirectory();
  const { exitCode, stderr } = await kernel(['fetch', 'acme:stable/6.1.0-9-cloud-arm64']);
  expect([exitCode, stderr]).toEqual([0, expect.any(String)]);
});
afterEach(() => {
  stable.reset();
});
afterAll(() => Promise.all([stable.stop(), next.stop()]));

const given = () => ({ env: { KBUILD_TS_CACHE_DIR: cache } });
const files = () => ['--repository', stable.file, '--repository', next.file];
const kernel = (args: string[]) => kbuild(['kernel', ...args, ...files()], given());

/** Where the cache keeps something of a repository of acme's: its name begins with that one's. */
function placeOf(name: string, below: 'kernels' | 'repositories'): string {
  const directory = join(cache, below, 'acme');
  const found = namesIn(directory).filter((entry) => entry.startsWith(name));
  expect(found).toHaveLength(1);
  return join(directory, found[0] ?? '');
}

interface Kernels {
  kernels: { ref: string; release: string; arch: string; stock: boolean; fetched: boolean }[];
  errors?: { ref: string; error: ErrorReport }[];
  error?: ErrorReport;
}
const kernelJson = (args: string[]) =>
  kbuildJson<Kernels>(['kernel', ...args, ...files()], given());

const releasesOf = ({ kernels }: Kernels): string[] => kernels.map(({ release }) => release).sort();

const all = [
  '6.1.0-10-amd64',
  '6.1.0-10-arm64',
  '6.1.0-10-cloud-amd64',
  '6.1.0-10-cloud-arm64',
  '6.1.0-9-amd64',
  '6.1.0-9-arm64',
  '6.1.0-9-cloud-arm64',
];
const later = '6.12.5+t1-arm64';

describe('kernel list', () => {
  it('shows all kernels of a suite, and what is known of them', async () => {
    const { exitCode, document } = await kernelJson(['list', 'acme:stable']);
    expect(exitCode).toBe(0);
    expect(releasesOf(document)).toEqual(all);
    expect(document.kernels).toContainEqual({
      ref: 'acme:stable/6.1.0-10-amd64',
      release: '6.1.0-10-amd64',
      arch: 'x86_64',
      stock: true,
      fetched: false,
    });
    const cloud = document.kernels.filter(({ stock }) => !stock);
    expect(cloud.map(({ release }) => release).sort()).toEqual(
      all.filter((release) => release.includes('cloud')),
    );
    const fetched = document.kernels.filter((one) => one.fetched);
    expect(fetched.map(({ release }) => release)).toContain('6.1.0-9-cloud-arm64');
  });

  it('prints them for people, the newest first', async () => {
    const { exitCode, stdout } = await kernel(['list', 'acme:stable', '--arch', 'arm64']);
    expect(exitCode).toBe(0);
    const rows = stdout.split('\n').map((line) => line.split(/ +/));
    expect(rows[0]).toEqual(['kernel', 'arch', 'fetched']);
    const abis = rows.slice(1).map(([ref]) => /6\.1\.0-\d+/.exec(ref ?? '')?.[0]);
    expect(abis).toEqual(['6.1.0-10', '6.1.0-10', '6.1.0-9', '6.1.0-9']);
    expect(stdout).toMatch(/^acme:stable\/6\.1\.0-9-cloud-arm64 +arm64 +yes$/m);
  });

  it.each<[string[], string[]]>([
    [['acme'], [...all, later]],
    [['acme:*'], [...all, later]],
    [['acme:n*'], [later]],
    [['acme', '--filter', '*-cloud-*'], all.filter((release) => release.includes('cloud'))],
    [['acme', '--filter', 'acme:next/*'], [later]],
    [['acme', '--filter', '*+t1*'], [later]],
    [['acme', '--filter', '*-10-a[!r]*'], ['6.1.0-10-amd64']],
    [['acme', '--filter', '6.1.0-9'], []],
    [['acme:stable', '-a', 'x86_64'], all.filter((release) => release.endsWith('amd64'))],
    [['acme:stable/6.1.0-10..'], all.filter((release) => release.startsWith('6.1.0-10'))],
    [['acme:stable/latest'], ['6.1.0-10-amd64', '6.1.0-10-arm64']],
  ])('%j', async (args, expected) => {
    const { exitCode, document, stderr } = await kernelJson(['list', ...args]);
    expect([exitCode, stderr]).toEqual([0, expect.any(String)]);
    expect(releasesOf(document)).toEqual([...expected].sort());
  });

  it.each<[string, string, RegExp]>([
    ['acme:stabel', 'KERNEL_UNKNOWN', /acme:stable/],
    ['acme:stable/a b', 'KERNEL_REF', /glob/],
    ['acmee', 'KERNEL_REF', /debian:<suite>/],
  ])('refuses %s', async (ref, code, hint) => {
    const { exitCode, document } = await kernelJson(['list', ref]);
    expect([exitCode, document.error?.code]).toEqual([2, code]);
    expect(document.error?.hint).toMatch(hint);
  });
});

describe('kernel fetch', () => {
  it.each<[string[], string[]]>([
    [['acme:stable'], ['6.1.0-10-amd64', '6.1.0-10-arm64']],
    [['acme:stable/latest'], ['6.1.0-10-amd64', '6.1.0-10-arm64']],
    [
      ['acme:*/latest', '-a', 'arm64'],
      ['6.1.0-10-arm64', later],
    ],
    [['acme:*'], ['6.1.0-10-amd64', '6.1.0-10-arm64', later]],
    [['acme:stable/*-cloud-*'], all.filter((release) => release.includes('cloud'))],
    [['acme:stable/*-cloud-*/latest'], ['6.1.0-10-cloud-amd64', '6.1.0-10-cloud-arm64']],
    [['acme:stable/6.1.0-9..6.1.0-9'], all.filter((release) => release.startsWith('6.1.0-9'))],
    [['acme:stable/..6.1.0-9', '-a', 'x86_64'], ['6.1.0-9-amd64']],
    [['acme:stable/*-?-*/latest', '-a', 'x86_64'], ['6.1.0-9-amd64']],
    [['acme:*/6.12..'], [later]],
    [['acme:stable/6.1.0-?-amd64', 'acme:stable/6.1.0-9-amd64'], ['6.1.0-9-amd64']],
    [[`acme:next/${later}`], [later]],
  ])('%j', async (args, expected) => {
    const { exitCode, document, stderr } = await kernelJson(['fetch', ...args]);
    expect([exitCode, stderr]).toEqual([0, expect.any(String)]);
    expect(releasesOf(document)).toEqual([...expected].sort());
  });

  it('asks for nothing that is there', async () => {
    await kernelJson(['fetch', 'acme:stable/*-arm64']);
    stable.reset();
    const { exitCode } = await kernelJson(['fetch', 'acme:stable/*-arm64']);
    expect(exitCode).toBe(0);
    expect(stable.requests).toEqual([]);
  });

  it.each<[string[], string]>([
    [['acme:stable/6.1.0-11-arm64'], 'KERNEL_UNKNOWN'],
    [['acme:stable/*-rt-*'], 'KERNEL_UNKNOWN'],
    [['acme:stable/7..8'], 'KERNEL_UNKNOWN'],
    [['acme:next', '-a', 'x86_64'], 'KERNEL_ARCH_UNSUPPORTED'],
    [['acme:stable/6.1.0-9-amd64', '-a', 'arm64'], 'KDIR_ARCH_MISMATCH'],
    [['acme:stable/..'], 'KERNEL_REF'],
    [['acme:'], 'KERNEL_REF'],
  ])('refuses %j', async (args, code) => {
    const { exitCode, document } = await kernelJson(['fetch', ...args]);
    expect([exitCode, document.error?.code]).toEqual([2, code]);
  });

  it('tells of those that it cannot have, and gets the others', async () => {
    cache = temporaryDirectory();
    stable.breakFiles('6.1.0-9-amd64', { kind: 'corrupted', at: 500 });
    const { exitCode, document } = await kernelJson(['fetch', 'acme:stable/6.1.0-9-*']);
    expect(exitCode).toBe(4);
    expect(releasesOf(document)).toEqual(['6.1.0-9-arm64', '6.1.0-9-cloud-arm64']);
    expect(document.errors).toEqual([
      expect.objectContaining({ ref: 'acme:stable/6.1.0-9-amd64', arch: 'x86_64' }),
    ]);
    expect(document.errors?.[0]?.error.code).toBe('FETCH_FAILED');
  });

  it('takes, of what is newest, the one before where the mirror lacks it, and says so', async () => {
    cache = temporaryDirectory();
    stable.breakFiles('linux-headers-6.1.0-10-arm64', { kind: 'missing' });
    const { exitCode, document, stderr } = await kernelJson([
      'fetch',
      'acme:stable',
      '-a',
      'arm64',
    ]);
    expect([exitCode, releasesOf(document)]).toEqual([0, ['6.1.0-9-arm64']]);
    expect(stderr).toMatch(/warning .*newest.*6\.1\.0-9-arm64 is used[^]*404/);
  });
});

describe('an index', () => {
  const index = () => join(placeOf('stable', 'repositories'), 'index');
  const list = () => kernelJson(['list', 'acme:stable']);
  const age = (days: number) => {
    const time = new Date(Date.now() - days * day);
    utimesSync(index(), time, time);
  };
  beforeAll(async () => {
    await list();
  });

  it('is asked for once a day', async () => {
    stable.reset();
    await list();
    expect(stable.requests).toEqual([]);
    age(0.9);
    await list();
    expect(stable.requests).toEqual([]);
    age(1.1);
    await list();
    expect(stable.count('InRelease')).toBe(1);
    await list();
    expect(stable.count('InRelease')).toBe(1);
  });

  it('serves when it is old, with a warning, where no newer one can be had', async () => {
    age(3);
    stable.breakFiles('Release', { kind: 'missing' });
    const { exitCode, document, stderr } = await list();
    expect(exitCode).toBe(0);
    expect(releasesOf(document)).toEqual(all);
    expect(stderr).toMatch(/warning .*index of acme:stable.*72 hours ago/);
  });

  it('serves when it is old, where the newer one is signed by somebody else', async () => {
    age(3);
    const before = readFileSync(index(), 'utf8');
    await stable.publish({ signature: 'other' });
    const { exitCode, stderr } = await list();
    expect([exitCode, stderr]).toEqual([0, expect.stringMatching(/warning .*(sign|NO_PUBKEY)/)]);
    expect(readFileSync(index(), 'utf8')).toBe(before);
    await stable.publish();
  });

  it('is not taken for a newer one by --refresh where none can be had', async () => {
    stable.breakFiles('Release', { kind: 'missing' });
    const args = ['fetch', 'acme:stable', '--refresh'];
    const { exitCode, document } = await kernelJson(args);
    expect([exitCode, document.error?.code]).toEqual([4, 'FETCH_FAILED']);
  });

  it('is read anew for a release that it does not know', async () => {
    await list();
    await stable.add({ abi: '6.1.0-11', flavour: 'arm64', size });
    await stable.publish();
    expect(releasesOf((await list()).document)).toEqual(all);
    const { exitCode, stderr } = await kernelJson(['fetch', 'acme:stable/6.1.0-11-arm64']);
    expect([exitCode, stderr]).toEqual([0, expect.any(String)]);
    expect(releasesOf((await list()).document)).toContain('6.1.0-11-arm64');
    const { document } = await kernelJson(['fetch', 'acme:stable', '-a', 'arm64']);
    expect(releasesOf(document)).toEqual(['6.1.0-11-arm64']);
  });
});

describe('kernel prune', () => {
  const prune = (args: string[]) =>
    kbuildJson<{ pruned: { kind: string; name: string; size: number }[]; error?: ErrorReport }>(
      ['kernel', 'prune', ...args],
      knowing(),
    );
  /** The repository lies in the user's own directory: prune is told of no files. */
  const knowing = () => ({ env: { ...given().env, XDG_CONFIG_HOME: config } });
  const fetchOffline = (ref: string) => kernelJson(['fetch', ref, '--offline']);
  const packages = () => namesIn(join(cache, 'packages')).map((name) => name.split('_', 1)[0]);
  let config: string;
  beforeAll(() => {
    const key = join(dirname(stable.file), 'key.asc');
    const text = readFileSync(stable.file, 'utf8').replace('key.asc', key);
    config = temporaryDirectory({ 'kbuild-ts/repositories/acme.yaml': text });
  });
  beforeEach(async () => {
    cache = temporaryDirectory();
    const { exitCode } = await kernelJson(['fetch', 'acme:stable/6.1.0-9-a*']);
    expect(exitCode).toBe(0);
  });

  it('removes what is named, and leaves what others need', async () => {
    const { exitCode, document } = await prune(['acme:stable/6.1.0-9-amd64']);
    expect(exitCode).toBe(0);
    expect(document.pruned.map(({ kind }) => kind)).toEqual(['kernel', 'package']);
    for (const { size: bytes } of document.pruned) expect(bytes).toBeGreaterThan(0);
    expect(packages()).toEqual([
      'linux-headers-6.1.0-9-arm64',
      'linux-headers-6.1.0-9-common',
      'linux-kbuild-6.1',
    ]);
    expect((await fetchOffline('acme:stable/6.1.0-9-arm64')).exitCode).toBe(0);
    expect((await fetchOffline('acme:stable/6.1.0-9-amd64')).exitCode).toBe(4);
    expect((await kernelJson(['fetch', 'acme:stable/6.1.0-9-amd64'])).exitCode).toBe(0);
  });

  it('removes what nothing has used for long, and then what nothing needs any more', async () => {
    const records = placeOf('stable', 'kernels');
    const old = new Date(Date.now() - 40 * day);
    for (const name of namesIn(records)) utimesSync(join(records, name), old, old);
    expect((await fetchOffline('acme:stable/6.1.0-9-arm64')).exitCode).toBe(0); // that is a use
    expect((await prune([])).document.pruned.map(({ name }) => name)).toEqual([
      'acme:stable/6.1.0-9-amd64',
      expect.stringContaining('linux-headers-6.1.0-9-amd64'),
    ]);
    const rest = await prune(['acme:*']);
    expect(rest.document.pruned).toHaveLength(1 + 3);
    expect(packages()).toEqual([]);
  });

  it('removes all of a suite, and what only that needed', async () => {
    const { exitCode, document } = await prune(['acme:stable']);
    expect([exitCode, document.pruned.length]).toEqual([0, 2 + 4]);
    expect(packages()).toEqual([]);
  });

  it('leaves, where kernels are named, others that are old', async () => {
    const records = placeOf('stable', 'kernels');
    const old = new Date(Date.now() - 400 * day);
    for (const name of namesIn(records)) utimesSync(join(records, name), old, old);
    const { document } = await prune(['acme:stable/..6.1.0-9', '--dry-run']);
    expect(document.pruned).toHaveLength(2 + 4);
    const one = await prune(['acme:stable/*-amd64']);
    expect(one.document.pruned.map(({ kind }) => kind)).toEqual(['kernel', 'package']);
    expect(namesIn(records)).toHaveLength(1);
    const both = await prune(['layers/*', '--unused-for', '30d']);
    expect([both.exitCode, both.document.error?.code]).toEqual([2, 'KERNEL_UNKNOWN']);
    expect(namesIn(records)).toHaveLength(1);
  });

  it('removes nothing with --dry-run', async () => {
    const before = cacheListing(cache);
    const would = await prune(['acme:stable/*', '--dry-run']);
    expect(would.document.pruned).toHaveLength(2 + 4);
    expect(cacheListing(cache)).toEqual(before);
  });

  it.each([
    [['acme:stable', 'acme:stable/7*'], 'KERNEL_UNKNOWN'],
    [['acme:stabel'], 'KERNEL_UNKNOWN'],
    [['layers/*'], 'KERNEL_UNKNOWN'],
    [['acme:stable/latest'], 'KERNEL_REF'],
  ])('refuses %j, and removes nothing', async (args, code) => {
    const before = cacheListing(cache);
    const { exitCode, document } = await prune(args);
    expect([exitCode, document.error?.code]).toEqual([2, code]);
    expect(cacheListing(cache)).toEqual(before);
  });

  it('waits for nobody who is at work, and takes nothing from under them', async () => {
    const before = cacheListing(cache);
    stable.reset();
    stable.breakFiles('cloud-arm64_6', { kind: 'hang', after: 100 });
    const args = ['kernel', 'fetch', 'acme:stable/6.1.0-9-cloud-arm64', ...files()];
    const child = start(args, given());
    for (let tries = 0; stable.count('.deb') === 0 && tries < 600; tries++) await sleep(50);
    const { exitCode, document } = await prune(['acme:*']);
    child.kill('SIGINT');
    await child;
    expect([exitCode, document.error?.code]).toEqual([4, 'CACHE_IN_USE']);
    expect(document.error?.message).toContain(String(child.pid));
    expect(cacheListing(cache)).toEqual(before);
  });

  it('that is killed leaves no half of a package', async () => {
    const many = await startAptRepository([
      { abi: '6.1.0-9', flavour: 'amd64', size, files: 5_000 },
    ]);
    const fetchMany = () =>
      kbuild(
        ['kernel', 'fetch', 'acme:stable/6.1.0-9-amd64', '--repository', many.file, '--refresh'],
        given(),
      );
    cache = temporaryDirectory();
    expect((await fetchMany()).exitCode).toBe(0);
    const [headers = ''] = namesIn(join(cache, 'packages')).filter((name) =>
      name.includes('amd64_6'),
    );
    const directory = `usr/src/linux-headers-6.1.0-9-amd64`;
    const path = join(cache, 'packages', headers, 'root', directory);
    const count = () => namesIn(join(path, 'many')).length;
    expect(count()).toBe(5_000);
    const child = start(['kernel', 'prune', 'acme:*'], knowing());
    const ended = new AbortController();
    void child.finally(() => {
      ended.abort();
    });
    while (!ended.signal.aborted && count() === 5_000) await sleep(2);
    child.kill('SIGKILL');
    await child;
    expect((await fetchMany()).exitCode).toBe(0);
    expect(count()).toBe(5_000);
    await many.stop();
  });
});

describe('the description of a repository', () => {
  const listWith = (file: string) =>
    kbuildJson<Kernels>(['kernel', 'list', 'acme:stable', '--repository', file], {
      env: { KBUILD_TS_CACHE_DIR: temporaryDirectory() },
    });
  /** A description beside the good one. */
  function changed(change: (text: string) => string): string {
    const file = join(dirname(stable.file), 'changed.yaml');
    writeFileSync(file, change(readFileSync(stable.file, 'utf8')));
    return file;
  }

  it.each<[string, (text: string) => string, string]>([
    ['has a key that is not there', (text) => text.replace('key.asc', 'no.asc'), 'no.asc'],
    ['has no key', (text) => text.replace(/keys:\n.*\n/, ''), "'keys'"],
    ['has an unknown field', (text) => `${text}mirrors: []\n`, 'mirrors'],
    ['names no suite', (text) => text.replace('bookworm', 'bookwurm'), 'bookworm'],
    [
      'has no regular expression',
      (text) => text.replace(String.raw`(?<release>`, '(('),
      'regular expression',
    ],
    ['is no YAML', (text) => `${text}  - [`, 'changed.yaml'],
    [
      'climbs out of the cache by its name',
      (text) => text.replace('name: stable', 'name: ../../x'),
      'name',
    ],
  ])('is refused where it %s', async (_, change, said) => {
    const { exitCode, document } = await listWith(changed(change));
    expect([exitCode, document.error?.code]).toEqual([2, expect.stringMatching(/^CONFIG_/)]);
    expect(`${document.error?.message} ${document.error?.hint}`).toContain(said);
  });

  it('is refused where it is not there', async () => {
    const { exitCode, document } = await listWith('/no/such.yaml');
    expect([exitCode, document.error?.code]).toEqual([2, 'FILE_UNREADABLE']);
    expect(document.error?.message).toContain('/no/such.yaml');
  });

  it('may name several keys of which one fits, whatever their files are called', async () => {
    const directory = dirname(stable.file);
    const names = ['one/key.asc', 'two/key.asc'];
    const keys = [stable, next].map(({ file }) => readFileSync(join(dirname(file), 'key.asc')));
    for (const [i, name] of names.entries()) {
      mkdirSync(join(directory, dirname(name)), { recursive: true });
      writeFileSync(join(directory, name), keys[i] ?? '');
    }
    for (const order of [names, names.toReversed()]) {
      const file = changed((text) =>
        text.replace('- key.asc', order.map((n) => `- ${n}`).join('\n  ')),
      );
      const { exitCode, document } = await listWith(file);
      expect([exitCode, document.error]).toEqual([0, undefined]);
    }
  });

  it('may lie in the user’s own directory', async () => {
    const config = temporaryDirectory();
    mkdirSync(join(config, 'kbuild-ts/repositories'), { recursive: true });
    const key = join(dirname(stable.file), 'key.asc');
    writeFileSync(
      join(config, 'kbuild-ts/repositories/acme.yaml'),
      readFileSync(stable.file, 'utf8').replace('key.asc', key),
    );
    const env = { KBUILD_TS_CACHE_DIR: temporaryDirectory(), XDG_CONFIG_HOME: config };
    const { exitCode, stdout } = await kbuild(['kernel', 'list', 'acme'], { env });
    expect([exitCode, stdout]).toEqual([0, expect.stringContaining('acme:stable/6.1.0-9-arm64')]);
  });

  it('does not mix what two of one name have', async () => {
    const own = temporaryDirectory();
    const other = await startAptRepository([{ abi: '6.1.0-9', flavour: 'amd64', size }]);
    const fetchFrom = (file: string) =>
      kbuildJson<Kernels>(
        ['kernel', 'fetch', 'acme:stable/6.1.0-9-amd64', '--repository', file, '--refresh'],
        { env: { KBUILD_TS_CACHE_DIR: own } },
      );
    for (const { file } of [stable, other]) {
      const { exitCode, document } = await fetchFrom(file);
      expect([exitCode, releasesOf(document)]).toEqual([0, ['6.1.0-9-amd64']]);
    }
    await other.stop();
    rmSync(join(own, 'repositories'), { recursive: true });
    expect(cacheListing(own).filter((entry) => entry.startsWith('runs/'))).toEqual([]);
  });
});
