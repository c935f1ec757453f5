import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fixtureModule } from '../../test/support/fixture-module.js';
import { temporaryDirectory } from '../../test/support/temporary-directory.js';
import { formatEntry } from '../engine/shared-cache/entry.js';
import { makePack, sha256 } from '../engine/shared-cache/pack.js';
import { ObjectStore } from '../engine/objects/object-store.js';
import { JobStore } from '../engine/job-store.js';
import { openRunDirectory } from '../storage/run-directory.js';
import { pruneLocal, pruneShared } from './cache-prune.js';
import { localStats, sharedStats } from './cache-stats.js';
import { verifyLocal, verifyShared } from './cache-verify.js';

const day = 24 * 3_600_000; // milliseconds
const keys = ['a1', 'b2', 'c3'].map((digits) => digits.repeat(32));

function setTime(path: string, daysAgo: number): void {
  const time = new Date(Date.now() - daysAgo * day);
  utimesSync(path, time, time);
}

const filesOf = (key: string) => ({
  modules: [{ path: 'params.ko', bytes: fixtureModule('params-x86_64') }],
  ...{ symvers: key, log: Buffer.from(key), diagnostics: [], imageId: key, milliseconds: 1 },
});

/** A cache with three jobs, the first of them used the longest ago, an object between, and a kernel. */
async function cacheOfThree() {
  const cache = temporaryDirectory({ 'kernels/debian/kernel': 'x'.repeat(100_000) });
  const store = new JobStore(join(cache, 'jobs'));
  const directories: string[] = [];
  for (const [i, key] of keys.entries()) {
    const { directory } = await store.save(key, filesOf(key));
    setTime(directory, 30 - 10 * i);
    directories.push(directory);
  }
  const object = join(cache, 'objects', 'dd', 'd'.repeat(64));
  const built = { path: 'x.o', bytes: Buffer.alloc(50_000), command: '', read: [], isKept: true };
  await new ObjectStore(join(cache, 'objects')).save('d'.repeat(64), {}, [built], {
    from: '',
    objects: [],
  });
  setTime(object, 25);
  return { cache, store, directories, object };
}

/** A shared directory with an entry for each key, used as long ago. */
async function sharedOfThree(secret?: string) {
  const { store, cache } = await cacheOfThree();
  const root = temporaryDirectory();
  for (const kind of ['ac', 'cas']) mkdirSync(join(root, kind));
  const packs: string[] = [];
  for (const [i, key] of keys.entries()) {
    const pack = await makePack((await store.load(key))!);
    const entry = { key, pack: { sha256: sha256(pack), size: pack.length } };
    const files = [join(root, 'cas', entry.pack.sha256), join(root, 'ac', key)] as const;
    writeFileSync(files[0], pack);
    writeFileSync(files[1], formatEntry(entry, secret));
    for (const file of files) setTime(file, 30 - 10 * i);
    packs.push(files[0]);
  }
  return { root, packs, cache };
}

const keysIn = (root: string) => readdirSync(join(root, 'ac')).sort();

describe('cache stats', () => {
  it('says what lies in the cache', async () => {
    const { cache } = await cacheOfThree();
    const { areas, bytes } = await localStats(cache);
    expect(areas.map(({ name, entries }) => [name, entries])).toEqual([
      ['jobs', 3],
      ['kernels', undefined],
      ['objects', 1],
    ]);
    expect(bytes).toBe(areas.reduce((sum, area) => sum + area.bytes, 0));
    const [jobs] = areas;
    expect(jobs?.bytes).toBeGreaterThan(3 * fixtureModule('params-x86_64').length);
    const age = (text?: string) => Math.round((Date.now() - Date.parse(text!)) / day);
    expect([age(jobs?.oldest), age(jobs?.newest)]).toEqual([30, 10]);
  });

  it('and in a shared directory', async () => {
    const { root } = await sharedOfThree();
    const { areas } = await sharedStats(root);
    expect(areas.map(({ name, entries }) => [name, entries])).toEqual([
      ['ac', 3],
      ['cas', 3],
    ]);
    expect((await sharedStats(temporaryDirectory())).bytes).toBe(0);
  });
});

describe('cache prune', () => {
  it('removes what was used the longest ago, jobs and objects by one clock, until the rest fits', async () => {
    const { cache, directories, object } = await cacheOfThree();
    const { bytesBefore } = await pruneLocal(cache, Infinity, true);
    const dry = await pruneLocal(cache, bytesBefore - 1, true);
    expect(dry.removed.map(({ key }) => key)).toEqual([keys[0]]);
    expect(directories.every((path) => existsSync(path))).toBe(true);
    const report = await pruneLocal(cache, bytesBefore - dry.removed[0]!.size - 1, false);
    expect(report.removed.map(({ area, key }) => [area, key.slice(0, 2)])).toEqual([
      ['jobs', 'a1'],
      ['objects', 'dd'],
    ]);
    expect(directories.map((path) => existsSync(path))).toEqual([false, true, true]);
    expect(existsSync(object)).toBe(false);
    expect(report.bytesAfter).toBe((await pruneLocal(cache, Infinity, true)).bytesBefore);
  });

  it('keeps kernels, however little may be left', async () => {
    const { cache } = await cacheOfThree();
    const report = await pruneLocal(cache, 1, false);
    expect(report).toMatchObject({ inUse: 0, bytesAfter: 0 });
    expect((await localStats(cache)).areas.map(({ name, entries }) => [name, entries])).toEqual([
      ['jobs', 0],
      ['kernels', undefined],
      ['objects', 0],
    ]);
  });

  it('removes first what bears a time in the future', async () => {
    const { cache, directories } = await cacheOfThree();
    setTime(directories[2]!, -1000);
    const { bytesBefore } = await pruneLocal(cache, Infinity, true);
    const { removed } = await pruneLocal(cache, bytesBefore - 1, false);
    expect(removed).toEqual([{ area: 'jobs', key: keys[2], size: expect.any(Number) }]);
  });

  it('keeps what is used by being taken', async () => {
    const { cache, store } = await cacheOfThree();
    await store.load(keys[0]!);
    const { bytesBefore } = await pruneLocal(cache, Infinity, true);
    const { removed } = await pruneLocal(cache, bytesBefore - 1, false);
    expect(removed.map(({ key }) => key.slice(0, 2))).toEqual(['dd']);
  });

  it('takes nothing away from a run that has it in hands', async () => {
    const { cache, store } = await cacheOfThree();
    const run = await openRunDirectory(cache);
    const stored = await store.load(keys[0]!);
    const report = await pruneLocal(cache, 1, false);
    expect([report.inUse, report.removed.length]).toEqual([1, 3]);
    expect(report.bytesAfter).toBeGreaterThan(1);
    expect(existsSync(stored!.directory)).toBe(true);
    await run.remove();
    expect((await pruneLocal(cache, 1, false)).bytesAfter).toBe(0);
  });

  it('prunes a shared directory in the same way, records with their packs', async () => {
    const { root, packs } = await sharedOfThree();
    const { bytesBefore } = await pruneShared(root, Infinity, true);
    const report = await pruneShared(root, bytesBefore - 1, false);
    expect(report.removed.map(({ key }) => key)).toEqual([keys[0]]);
    expect(keysIn(root)).toEqual(keys.slice(1));
    expect(packs.map((path) => existsSync(path))).toEqual([false, true, true]);
    expect(report.bytesAfter).toBe((await pruneShared(root, Infinity, true)).bytesBefore);
  });

  it('counts reading as use there', async () => {
    const { root } = await sharedOfThree();
    const file = join(root, 'ac', keys[0]!);
    utimesSync(file, new Date(), statSync(file).mtime);
    const { bytesBefore } = await pruneShared(root, Infinity, true);
    const { removed } = await pruneShared(root, bytesBefore - 1, true);
    expect(removed.map(({ key }) => key)).toEqual([keys[1]]);
  });

  it('removes a pack that nobody names, unless it has just been put', async () => {
    const { root, packs } = await sharedOfThree();
    rmSync(join(root, 'ac', keys[2]!));
    const { bytesBefore } = await pruneShared(root, Infinity, true);
    const { removed } = await pruneShared(root, bytesBefore - 1, true);
    expect(removed).toMatchObject([{ area: 'cas' }]);
    setTime(packs[2]!, 0);
    const other = await pruneShared(root, 1, true);
    expect(other.removed.map(({ key }) => key)).toEqual(keys.slice(0, 2));
  });

  it('keeps a pack that another record names', async () => {
    const { root, packs } = await sharedOfThree();
    const text = readFileSync(join(root, 'ac', keys[0]!), 'utf8');
    const twin = 'f'.repeat(64);
    writeFileSync(join(root, 'ac', twin), text.replace(keys[0]!, twin));
    setTime(join(root, 'ac', twin), 0);
    setTime(packs[0]!, 30);
    const size = statSync(packs[0]!).size;
    await pruneShared(root, 4 * size, false);
    expect(existsSync(packs[0]!)).toBe(true);
    await pruneShared(root, 1, false);
    expect(readdirSync(join(root, 'cas'))).toEqual([]);
  });
});

describe('cache verify', () => {
  it('finds nothing wrong with what is whole, and does not count as a use', async () => {
    const { cache, directories } = await cacheOfThree();
    const before = directories.map((path) => statSync(path).mtimeMs);
    expect(await verifyLocal(cache)).toEqual({
      areas: [
        { name: 'jobs', entries: 3, checked: 3 },
        { name: 'objects', entries: 1, checked: 1 },
        { name: 'boot', entries: 0, checked: 0 },
      ],
      damaged: [],
      outdated: 0,
    });
    expect(directories.map((path) => statSync(path).mtimeMs)).toEqual(before);
    const { root } = await sharedOfThree();
    expect(await verifyShared(root, undefined)).toEqual({
      areas: [
        { name: 'cas', entries: 3, checked: 3 },
        { name: 'ac', entries: 3, checked: 3 },
      ],
      damaged: [],
      outdated: 0,
    });
  });

  it.each<[string, string, (directory: string) => void]>([
    [
      'a bit changed',
      'params.ko is not what its record says',
      (directory) => {
        const file = join(directory, 'modules/params.ko');
        const bytes = readFileSync(file);
        bytes[100]! ^= 1;
        chmodSync(file, 0o644);
        writeFileSync(file, bytes);
      },
    ],
    [
      'symbols cut off',
      'Module.symvers',
      (d) => {
        writeFileSync(join(d, 'Module.symvers'), '');
      },
    ],
    [
      'no log',
      'log',
      (d) => {
        rmSync(join(d, 'log'));
      },
    ],
    [
      'no record',
      'record.json',
      (d) => {
        rmSync(join(d, 'record.json'));
      },
    ],
    [
      'an empty record',
      'JSON',
      (d) => {
        writeFileSync(join(d, 'record.json'), '');
      },
    ],
    [
      'a record of nothing',
      'expected object',
      (d) => {
        writeFileSync(join(d, 'record.json'), 'null');
      },
    ],
  ])('finds and removes an entry with %s', async (_, reason, damage) => {
    const { cache, directories } = await cacheOfThree();
    damage(directories[1]!);
    const { damaged } = await verifyLocal(cache);
    expect(damaged).toEqual([
      { area: 'jobs', key: keys[1], reason: expect.stringContaining(reason) },
    ]);
    expect(directories.map((path) => existsSync(path))).toEqual([true, false, true]);
    expect((await verifyLocal(cache)).damaged).toEqual([]);
  });

  it('takes nothing for damaged that it may not read', async () => {
    const { cache, directories } = await cacheOfThree();
    chmodSync(join(directories[0]!, 'record.json'), 0);
    const isRoot = process.geteuid?.() === 0;
    if (isRoot) {
      execFileSync('chown', ['-R', '65534', cache]);
      process.seteuid?.(65534);
      chmodSync(cache, 0o755);
    }
    const work = verifyLocal(cache).finally(() => isRoot && process.seteuid?.(0));
    await expect(work).rejects.toThrow('EACCES');
    expect(existsSync(directories[0]!)).toBe(true);
  });

  it('lets be what another version wrote', async () => {
    const { cache, directories } = await cacheOfThree();
    const file = join(directories[0]!, 'record.json');
    writeFileSync(
      file,
      readFileSync(file, 'utf8').replace('"formatVersion":3', '"formatVersion":2'),
    );
    expect(await verifyLocal(cache)).toMatchObject({ damaged: [], outdated: 1 });
    expect(existsSync(file)).toBe(true);
  });

  it('finds damaged packs and records in a shared directory', async () => {
    const { root, packs } = await sharedOfThree();
    writeFileSync(packs[0]!, readFileSync(packs[0]!).subarray(1));
    writeFileSync(join(root, 'ac', keys[1]!), readFileSync(join(root, 'ac', keys[2]!)));
    const { damaged } = await verifyShared(root, undefined);
    expect(damaged.map(({ area, key }) => `${area} ${key.slice(0, 2)}`)).toEqual([
      expect.stringMatching(/^cas /),
      'ac a1',
      'ac b2',
    ]);
    expect(keysIn(root)).toEqual([keys[2]]);
    expect((await verifyShared(root, undefined)).damaged).toEqual([]);
  });

  it('with a secret, finds what does not bear its HMAC', async () => {
    const { root } = await sharedOfThree('known');
    expect((await verifyShared(root, 'known')).damaged).toEqual([]);
    expect((await verifyShared(root, 'another')).damaged).toHaveLength(3);
  });
});
