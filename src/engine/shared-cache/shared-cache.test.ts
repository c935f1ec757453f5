import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startCacheServer, type CacheFault } from '../../../test/support/cache-server.js';
import { fakeEngine } from '../../../test/support/engine.js';
import type { FakeBuild } from '../../../test/support/fake-runtime.js';
import { fixtureModule } from '../../../test/support/fixture-module.js';
import { jobOf, kdirOf, projectOf } from '../../../test/support/job-values.js';
import { temporaryDirectory } from '../../../test/support/temporary-directory.js';
import type { Event } from '../../events/event.js';
import type { Job } from '../../plan/job.js';
import type { Project } from '../../project/project.js';
import { BlobError, type BlobStore } from '../../storage/blobs/blob-store.js';
import { DirectoryBlobs } from '../../storage/blobs/directory-blobs.js';
import { HttpBlobs } from '../../storage/blobs/http-blobs.js';
import type { EngineContext } from '../engine-context.js';
import type { JobResult } from '../job-result.js';
import { runJobs } from '../run-jobs.js';
import { formatEntry } from './entry.js';
import { makePack, sha256 } from './pack.js';
import { SharedCache, type SharedCacheOptions } from './shared-cache.js';

const params = fixtureModule('params-x86_64');
const exporter = fixtureModule('exporter-x86_64');
const good: FakeBuild = { files: { 'params.ko': params, 'Module.symvers': '' } };

const jobNamed = (name: string, changes: Partial<Project> = {}): Job =>
  jobOf(
    projectOf(
      { Kbuild: 'obj-m := params.o\n', 'params.c': `/* ${name} */\n` },
      { name, ...changes },
    ),
    kdirOf('x86_64'),
  );

/** A machine with a cache of its own; each run has the shared cache anew. */
function machine(answer: () => FakeBuild = () => good) {
  const engine = fakeEngine(answer);
  const run = async (
    jobs: readonly Job[],
    options: Partial<SharedCacheOptions> & Pick<SharedCacheOptions, 'blobs'>,
    changes: Partial<EngineContext> = {},
  ) => {
    const events: Event[] = [];
    const emit = (event: Event) => events.push(event);
    const context = engine.context({ emit, ...changes });
    const sharedCache = new SharedCache({
      readOnly: false,
      rebuild: false,
      secret: undefined,
      emit,
      signal: context.signal,
      ...options,
    });
    const limits = { concurrency: 1, failFast: false };
    const results = await runJobs(jobs, limits, { ...context, sharedCache });
    const stats = await sharedCache.close();
    const warnings = events.flatMap((event) => (event.type === 'warning' ? event.message : []));
    return { results, stats, warnings, endings: results.map(endingOf) };
  };
  return { ...engine, run };
}

const endingOf = ({ status, cache }: JobResult): string =>
  cache === undefined ? status : `${status} ${cache}`;

const bytesOf = ({ results }: { results: readonly JobResult[] }): Buffer[] =>
  results.flatMap(({ modules }) => modules.map(({ file }) => readFileSync(file)));

const directory = () => {
  const root = temporaryDirectory();
  return { root, blobs: new DirectoryBlobs(root) };
};

describe('a shared cache', () => {
  it('gives another machine what one has built', async () => {
    const { blobs, root } = directory();
    const [one, other] = [machine(), machine()];
    const job = jobNamed('params');
    const first = await one.run([job], { blobs });
    expect(first).toMatchObject({ endings: ['built'], warnings: [] });
    expect(first.stats).toEqual({ hits: 0, misses: 1, puts: 1, failures: 0, refused: 0 });
    const second = await other.run([job], { blobs });
    expect(second).toMatchObject({ endings: ['cached shared'], warnings: [] });
    expect(second.stats).toEqual({ hits: 1, misses: 0, puts: 0, failures: 0, refused: 0 });
    expect(bytesOf(second)).toEqual([params]);
    expect(other.runtime.specs).toEqual([]);
    const third = await other.run([job], { blobs });
    expect(third.endings).toEqual(['cached local']);
    expect(third.stats).toMatchObject({ hits: 0, misses: 0 });
    expect(readdirSync(join(root, 'ac'))).toEqual([job.key]);
  });

  it('gives what another image of the same recipe made, again and again', async () => {
    const { blobs } = directory();
    const job = jobNamed('params');
    await machine().run([job], { blobs });
    const other = machine();
    const ours = { knownImageId: () => 'an image of this machine' };
    expect((await other.run([job], { blobs }, ours)).endings).toEqual(['cached shared']);
    expect((await other.run([job], { blobs }, ours)).endings).toEqual(['cached local']);
  });

  it('does not give back what is to be built again for another image, and has it replaced', async () => {
    const { blobs } = directory();
    const job = jobNamed('params');
    const one = machine();
    await one.run([job], { blobs });
    const renewed = { knownImageId: () => 'new', imageOf: () => Promise.resolve('new') };
    const again = await one.run([job], { blobs }, renewed);
    expect(again).toMatchObject({ endings: ['built'], stats: { puts: 1, refused: 0 } });
    const [result] = (await machine().run([job], { blobs })).results;
    expect(result?.imageId).toBe('new');
  });

  it('gets nothing of what failed, was skipped, or was not built as planned', async () => {
    const { blobs, root } = directory();
    const failing = jobNamed('failing');
    const one = machine(() => ({ exitCode: 2 }));
    expect((await one.run([failing], { blobs })).endings).toEqual(['failed']);
    const wrong = machine(() => ({ files: { 'wrong.ko': exporter } }));
    expect((await wrong.run([jobNamed('wrong')], { blobs })).endings).toEqual(['failed']);
    const changed = jobNamed('changed');
    writeFileSync(join(changed.source.project.directory, 'params.c'), 'int y;\n');
    expect((await machine().run([changed], { blobs })).endings).toEqual(['built']);
    expect(readdirSync(root)).toEqual([]);
  });

  it('is only read, if that is wanted', async () => {
    const { blobs, root } = directory();
    const [there, missing] = [jobNamed('there'), jobNamed('missing')];
    await machine().run([there], { blobs });
    const run = await machine().run([there, missing], { blobs, readOnly: true });
    expect(run.endings).toEqual(['cached shared', 'built']);
    expect(run.stats).toMatchObject({ hits: 1, misses: 1, puts: 0 });
    expect(readdirSync(join(root, 'ac'))).toEqual([there.key]);
  });

  it('is not asked for what is to be built anew, and gets it', async () => {
    const { blobs, root } = directory();
    const job = jobNamed('params');
    const one = machine();
    await one.run([job], { blobs });
    const before = readFileSync(join(root, 'ac', job.key));
    const again = await one.run([job], { blobs, rebuild: true }, { useStore: false });
    expect(again).toMatchObject({ endings: ['built'], stats: { hits: 0, misses: 0, puts: 1 } });
    expect(readFileSync(join(root, 'ac', job.key)).equals(before)).toBe(false);
  });

  it('is not written again where another was first', async () => {
    const { blobs } = directory();
    const job = jobNamed('params');
    const slow: BlobStore = {
      address: blobs.address,
      get: () => Promise.resolve(undefined), // as if both had looked before either wrote
      has: (...args) => blobs.has(...args),
      put: (...args) => blobs.put(...args),
    };
    expect((await machine().run([job], { blobs: slow })).stats.puts).toBe(1);
    expect((await machine().run([job], { blobs: slow })).stats).toMatchObject({
      puts: 0,
      failures: 0,
    });
  });
});

describe('an entry of a shared cache that is not what it should be', () => {
  /** A cache with the entries of one job, changed by somebody. */
  async function poisoned(change: (root: string, job: Job, pack: string) => unknown) {
    const { blobs, root } = directory();
    const job = jobNamed('params', { expected: ['params'] });
    const one = machine();
    await one.run([job], { blobs });
    const pack = join(root, 'cas', readdirSync(join(root, 'cas'))[0]!);
    await change(root, job, pack);
    return { blobs, root, job };
  }

  /** Puts a consistent entry in the place of a job's. */
  async function forge(root: string, job: Job, files: Record<string, Buffer>, changes = {}) {
    const { store } = machine();
    const modules = Object.entries(files).map(([path, bytes]) => ({ path, bytes }));
    const rest = {
      symvers: '',
      log: Buffer.from(''),
      diagnostics: [],
      imageId: '',
      milliseconds: 1,
    };
    const pack = await makePack(await store.save(job.key, { modules, ...rest, ...changes }));
    const entry = { key: job.key, pack: { sha256: sha256(pack), size: pack.length } };
    writeFileSync(join(root, 'cas', entry.pack.sha256), pack);
    writeFileSync(join(root, 'ac', job.key), formatEntry(entry, undefined));
  }

  const flip = (file: string, at: number) => {
    const bytes = readFileSync(file);
    bytes[at]! ^= 1;
    writeFileSync(file, bytes);
  };

  it.each<[string, string | RegExp, (root: string, job: Job, pack: string) => unknown]>([
    [
      'a byte changed in its module',
      'is not what its record says',
      (_, __, pack) => {
        flip(pack, 5000);
      },
    ],
    [
      'its pack cut off',
      /its pack has 1000 bytes, not \d+/,
      (_, __, pack) => {
        writeFileSync(pack, readFileSync(pack).subarray(0, 1000));
      },
    ],
    [
      'its pack longer',
      /has \d+ bytes, and may have/,
      (_, __, pack) => {
        writeFileSync(pack, Buffer.concat([readFileSync(pack), Buffer.alloc(9)]));
      },
    ],
    [
      'its pack empty',
      'its pack has 0 bytes',
      (_, __, pack) => {
        writeFileSync(pack, '');
      },
    ],
    [
      'its record cut off',
      'JSON',
      (root, job) => {
        const file = join(root, 'ac', job.key);
        writeFileSync(file, readFileSync(file).subarray(0, 50));
      },
    ],
    [
      'an endless record',
      '5000 bytes',
      (root, job) => {
        writeFileSync(join(root, 'ac', job.key), Buffer.alloc(5000));
      },
    ],
    [
      'the record of another job',
      'it is the record of another job',
      (root, job) => {
        const file = join(root, 'ac', job.key);
        writeFileSync(file, readFileSync(file, 'utf8').replace(job.key, 'ab'.repeat(32)));
      },
    ],
    ['no module', 'it has no module', (root, job) => forge(root, job, {})],
    [
      'other modules',
      'it lacks params',
      (root, job) => forge(root, job, { 'exporter.ko': exporter }),
    ],
    [
      'a module by another name',
      'it has another name for params.ko',
      (root, job) =>
        forge(
          root,
          job,
          {},
          { modules: [{ path: 'params.ko', bytes: exporter, name: 'exporter' }] },
        ),
    ],
    [
      'what is for another kernel',
      /vermagic: /,
      (root, job) => {
        const text = params.toString('latin1').replace('6.1.0-56-amd64 SMP', '6.1.0-57-amd64 SMP');
        return forge(root, job, { 'params.ko': Buffer.from(text, 'latin1') });
      },
    ],
    [
      'what is no module',
      'params.ko',
      (root, job) => forge(root, job, { 'params.ko': Buffer.from('garbage') }),
    ],
  ])('%s: is a miss, told, and replaced', async (_, reason, change) => {
    const { blobs, job } = await poisoned(change);
    const run = await machine().run([job], { blobs });
    expect(run.endings).toEqual(['built']);
    expect(bytesOf(run)).toEqual([params]);
    expect(run.stats).toEqual({ hits: 0, misses: 1, puts: 1, failures: 0, refused: 1 });
    expect(run.warnings).toEqual([expect.stringMatching(reason)]);
    expect(run.warnings[0]).toContain(job.key);
    const next = await machine().run([job], { blobs });
    expect(next).toMatchObject({ endings: ['cached shared'], warnings: [] });
    expect(bytesOf(next)).toEqual([params]);
  });

  it('whose pack was pruned is a miss like any other', async () => {
    const { blobs, job } = await poisoned((_, __, pack) => {
      rmSync(pack);
    });
    const run = await machine().run([job], { blobs });
    expect(run).toMatchObject({ endings: ['built'], warnings: [], stats: { refused: 0, puts: 1 } });
    expect((await machine().run([job], { blobs })).endings).toEqual(['cached shared']);
  });

  it('of a newer kbuild-ts is let be, one of an older is replaced', async () => {
    const version = (number: number) => (root: string, job: Job) => {
      const file = join(root, 'ac', job.key);
      const text = readFileSync(file, 'utf8');
      writeFileSync(file, text.replace('"formatVersion":1', `"formatVersion":${number}`));
    };
    // There is no version 0, nor an older store: this one stands for it.
    const older = (root: string, job: Job) => {
      const file = join(root, 'ac', job.key);
      writeFileSync(
        file,
        readFileSync(file, 'utf8').replace('"storeVersion":3', '"storeVersion":2'),
      );
    };
    const newer = await poisoned(version(2));
    const run = await machine().run([newer.job], { blobs: newer.blobs });
    expect(run).toMatchObject({ endings: ['built'], warnings: [], stats: { puts: 0 } });
    const old = await poisoned(older);
    const other = await machine().run([old.job], { blobs: old.blobs });
    expect(other).toMatchObject({ endings: ['built'], warnings: [], stats: { puts: 1 } });
  });

  it('may be forged without a secret, and not with one', async () => {
    const forged = await poisoned((root, job) => forge(root, job, { 'params.ko': params }));
    const secret = 'known to the machines alone';
    const run = await machine().run([forged.job], { blobs: forged.blobs, secret });
    expect(run).toMatchObject({ endings: ['built'], stats: { refused: 1, puts: 1 } });
    expect(run.warnings).toEqual([expect.stringContaining('it has no HMAC')]);
    const next = await machine().run([forged.job], { blobs: forged.blobs, secret });
    expect(next).toMatchObject({ endings: ['cached shared'], warnings: [] });
  });

  it('is told three times, and then how many they are', async () => {
    const { blobs, root } = directory();
    const jobs = Array.from({ length: 5 }, (_, i) => jobNamed(`params${i}`));
    await machine().run(jobs, { blobs });
    for (const { key } of jobs) writeFileSync(join(root, 'ac', key), '{}');
    const run = await machine().run(jobs, { blobs, readOnly: true });
    expect(run.stats).toMatchObject({ misses: 5, refused: 5 });
    expect(run.warnings).toHaveLength(4);
    expect(run.warnings[3]).toMatch(/^2 more entries/);
  });
});

describe('a shared cache that fails', () => {
  const quick = { first: 300, idle: 300, pace: 1e9 };
  const jobs = Array.from({ length: 6 }, (_, i) => jobNamed(`params${i}`));

  it.each<[string, string, CacheFault, number]>([
    ['GET', '500', { kind: 'status', status: 500 }, 3],
    ['GET', '302', { kind: 'status', status: 302, headers: { Location: '/' } }, 3],
    ['GET', 'no answer', { kind: 'silent' }, 1],
    ['GET', 'nothing more came', { kind: 'hang', after: 5 }, 1],
    ['GET', 'nothing more came', { kind: 'length', by: 100 }, 1],
    ['GET', 'other side closed|terminated', { kind: 'cut', after: 5 }, 3],
    ['GET', 'gave more than', { kind: 'endless' }, 3],
    ['PUT', '507', { kind: 'status', status: 507 }, 3],
    ['PUT', 'no answer', { kind: 'silent' }, 1],
    ['HEAD', '403', { kind: 'status', status: 403 }, 3],
  ])(
    'at %s with %s is told once, left alone, and everything is built',
    async (method, what, fault, tries) => {
      const server = await startCacheServer();
      const blobs = new HttpBlobs({ url: server.url, authorization: 'Bearer se-cret' }, quick);
      await machine().run(jobs, { blobs });
      const reads = method === 'GET';
      if (!reads) server.blobs.clear();
      server.requests.length = 0;
      server.breakRequests(method, fault);
      const run = await machine().run(jobs, { blobs });
      await server.stop();
      expect(run.endings).toEqual(jobs.map(() => 'built'));
      expect(bytesOf(run)).toEqual(jobs.map(() => params));
      expect(run.stats).toMatchObject({ hits: 0, misses: 6, puts: 0 });
      // Two are put at once.
      const most = method === 'GET' ? tries : tries + 1;
      expect(run.stats.failures).toBeGreaterThanOrEqual(tries);
      expect(run.stats.failures).toBeLessThanOrEqual(most);
      expect(run.warnings).toEqual([expect.stringMatching(new RegExp(what))]);
      expect(run.warnings[0]).toContain(server.url);
      expect(run.warnings[0]).not.toContain('se-cret');
      const asked = server.requests.filter((text) => text.startsWith(method)).length;
      expect(asked).toBeGreaterThanOrEqual(tries);
      expect(asked).toBeLessThanOrEqual(most);
    },
  );

  it('to be written is read all the same', async () => {
    const server = await startCacheServer();
    const blobs = new HttpBlobs({ url: server.url }, quick);
    await machine().run(jobs.slice(3), { blobs });
    server.breakRequests('PUT', { kind: 'status', status: 403 });
    const { endings, stats } = await machine().run(jobs, { blobs });
    await server.stop();
    expect(endings).toEqual([...jobs.map((_, i) => (i < 3 ? 'built' : 'cached shared'))]);
    expect(stats).toMatchObject({ hits: 3, failures: 3 });
  });

  it('is not waited for at the end of a run for longer than said', async () => {
    const { blobs } = directory();
    const never: BlobStore = {
      address: blobs.address,
      get: (...args) => blobs.get(...args),
      has: (...args) => blobs.has(...args),
      put: (name, _, signal) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => {
            reject(new BlobError('aborted', name));
          });
        }),
    };
    const { stats, warnings } = await machine().run(jobs, { blobs: never, farewell: 100 });
    expect(stats).toMatchObject({ puts: 0, failures: 1 });
    expect(warnings).toEqual([expect.stringContaining('6 of this run')]);
  });

  it('says nothing of what the end of the run has broken off', async () => {
    const server = await startCacheServer();
    server.breakRequests('GET', { kind: 'silent' });
    const stop = new AbortController();
    const blobs = new HttpBlobs({ url: server.url });
    const { store, context } = machine();
    const events: Event[] = [];
    const emit = (event: Event) => events.push(event);
    const options = { readOnly: false, rebuild: false, secret: undefined, emit };
    const cache = new SharedCache({ blobs, ...options, signal: stop.signal });
    const fetched = cache.fetch(jobs[0]!, store, stop.signal);
    setTimeout(() => {
      stop.abort();
    }, 100);
    expect(await fetched).toBeUndefined();
    await cache.close();
    await server.stop();
    expect(events).toEqual([]);
    expect(context().signal.aborted).toBe(false);
  });
});
