import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { JobStore } from '../../src/engine/job-store.js';
import { formatEntry, packNamedBy } from '../../src/engine/shared-cache/entry.js';
import { makePack, readPack, sha256 } from '../../src/engine/shared-cache/pack.js';
import { startCacheServer, type CacheFault, type CacheServer } from '../support/cache-server.js';
import { artifactsOf, build, examples, kbuild, kbuildJson, start } from '../support/cli.js';
import { containersOf } from '../support/docker.js';
import { machine } from '../support/machine.js';
import { startNginx, type Nginx } from '../support/nginx.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

const hello = [join(examples, 'hello'), '-k', 'debian:bookworm', '-a', 'x86_64'];

/** The modules of a build without any cache. */
let right: string[];
let key: string;

type Env = Record<string, string>;

/** A build on a machine; what it published is held against its own manifest. */
async function buildOn(cache: string, args: string[], env: Env = {}) {
  const out = temporaryDirectory();
  const result = await build([...args, '--out', out], {
    env: { KBUILD_TS_CACHE_DIR: cache, ...env },
  });
  const { document } = result;
  const modules = artifactsOf(document).map(({ path, sha256: hash }) => {
    expect(sha256(readFileSync(join(out, path)))).toBe(hash);
    return `${basename(path)} ${hash}`;
  });
  const warnings = result.stderr.split('\n').filter((line) => line.startsWith('warning'));
  const endings = document.jobs.map(({ status, cache: where }) =>
    where === undefined ? status : `${status} ${where}`,
  );
  return { ...result, modules, warnings, endings, sharing: document.sharedCache };
}

const buildHello = (place: string, more: string[] = [], env: Env = {}, cache = machine()) =>
  buildOn(cache, [...hello, '--shared-cache', place, ...more], env);

/** A shared directory into which hello was put. */
async function stock(env: Env = {}): Promise<string> {
  const root = temporaryDirectory();
  const { endings, sharing } = await buildHello(root, [], env);
  expect([endings, sharing?.puts]).toEqual([['built'], 1]);
  return root;
}

let template: Promise<string> | undefined;

/** A copy of one. */
async function stocked(): Promise<string> {
  template ??= stock();
  const root = temporaryDirectory();
  cpSync(await template, root, { recursive: true });
  return root;
}

const packIn = (root: string): string =>
  join(root, 'cas', packNamedBy(readFileSync(join(root, 'ac', key), 'utf8'))!);

beforeAll(async () => {
  await kbuild(['kernel', 'fetch', 'debian:bookworm', '--arch', 'x86_64']);
  const plain = await build([...hello, '--no-cache', '--out', temporaryDirectory()]);
  expect(plain.exitCode, plain.stderr).toBe(0);
  right = artifactsOf(plain.document).map(({ path, sha256: hash }) => `${basename(path)} ${hash}`);
  key = plain.document.jobs[0]!.key;
});

describe('a directory that two machines share', () => {
  it('gives one what the other has built; then it has it itself', async () => {
    const root = await stocked();
    const second = machine();
    const env = { KBUILD_TS_SHARED_CACHE: root, DOCKER_HOST: 'unix:///no/engine/is/needed' };
    const fetched = await buildOn(second, hello, env);
    expect(fetched).toMatchObject({ exitCode: 0, endings: ['cached shared'], warnings: [] });
    expect(fetched.modules).toEqual(right);
    expect(fetched.sharing).toEqual({ hits: 1, misses: 0, puts: 0, failures: 0, refused: 0 });
    const again = await buildOn(second, hello, { DOCKER_HOST: env.DOCKER_HOST });
    expect(again).toMatchObject({ endings: ['cached local'], modules: right });
    expect(again.document).not.toHaveProperty('sharedCache');
  });

  it('says so to people', async () => {
    const root = await stocked();
    const args = ['build', ...hello, '--shared-cache', root, '--out', temporaryDirectory()];
    const { stdout } = await kbuild(args, { env: { KBUILD_TS_CACHE_DIR: machine() } });
    expect(stdout).toMatch(/\n1 cached \(1 from the shared cache\) in /);
  });

  it('may be used by both at once', async () => {
    const root = temporaryDirectory();
    const [one, other] = [machine(), machine()];
    const all = [examples, '-k', 'debian:bookworm', '-a', 'x86_64', '--shared-cache', root];
    const runs = await Promise.all([one, other].map((cache) => buildOn(cache, all)));
    for (const run of runs) {
      expect(run).toMatchObject({ exitCode: 0, warnings: [] });
      expect(run.sharing).toMatchObject({ failures: 0, refused: 0 });
    }
    const [first, second] = runs;
    expect(first?.modules).toEqual(second?.modules);
    const { document, exitCode } = await kbuildJson<{ damaged: unknown[] }>([
      'cache',
      'verify',
      '--shared-cache',
      root,
    ]);
    expect([exitCode, document.damaged]).toEqual([0, []]);
    const hidden = readdirSync(root, { recursive: true }).filter((path) =>
      basename(String(path)).startsWith('.'),
    );
    expect(hidden).toEqual([]);
    const third = await buildOn(machine(), all);
    expect(new Set(third.endings)).toEqual(new Set(['cached shared']));
    expect(third.modules).toEqual(first?.modules);
  });

  it('is only read with --shared-cache-read-only, and not used with --no-cache', async () => {
    const root = temporaryDirectory();
    const read = await buildHello(root, ['--shared-cache-read-only']);
    expect(read).toMatchObject({
      exitCode: 0,
      endings: ['built'],
      sharing: { misses: 1, puts: 0 },
    });
    const without = await buildHello(root, ['--no-cache']);
    expect(without).toMatchObject({ exitCode: 0, endings: ['built'], modules: right });
    expect(without.document).not.toHaveProperty('sharedCache');
    expect(readdirSync(root)).toEqual([]);
  });

  it('and the own cache get what --rebuild builds', async () => {
    const root = await stocked();
    const cache = machine();
    await buildHello(root, [], {}, cache);
    const record = join(cache, 'jobs', key.slice(0, 2), key, 'record.json');
    const before = [readFileSync(join(root, 'ac', key), 'utf8'), readFileSync(record, 'utf8')];
    const again = await buildHello(root, ['--rebuild'], {}, cache);
    expect(again).toMatchObject({ exitCode: 0, endings: ['built'], modules: right });
    expect(again.sharing).toMatchObject({ hits: 0, misses: 0, puts: 1 });
    const after = [readFileSync(join(root, 'ac', key), 'utf8'), readFileSync(record, 'utf8')];
    expect(after[0]).not.toBe(before[0]);
    expect(after[1]).not.toBe(before[1]);
    expect((await buildHello(root, [], {}, cache)).endings).toEqual(['cached local']);
  });

  it('that is full is a warning and no failure', async () => {
    const root = mkdtempSync(join(tmpdir(), 'kbuild-ts-full-'));
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', root]);
    try {
      const run = await buildHello(root);
      expect(run).toMatchObject({ exitCode: 0, endings: ['built'], modules: right });
      expect(run.sharing).toMatchObject({ puts: 0, failures: 1 });
      expect(run.warnings).toEqual([expect.stringMatching(/ENOSPC|no space/)]);
      expect(run.warnings[0]).toContain(root);
      expect(readdirSync(join(root, 'cas'))).toEqual([]);
    } finally {
      execFileSync('umount', ['--lazy', root]);
      rmSync(root, { recursive: true });
    }
  });
});

describe('an entry that somebody has changed', () => {
  /** Builds with a cache whose entry was changed, on a new machine, and once more on another. */
  async function expectReplaced(root: string, reason: RegExp, env: Env = {}) {
    const run = await buildHello(root, [], env);
    expect(run).toMatchObject({ exitCode: 0, endings: ['built'], modules: right });
    expect(run.sharing).toEqual({ hits: 0, misses: 1, puts: 1, failures: 0, refused: 1 });
    expect(run.warnings).toEqual([expect.stringMatching(reason)]);
    const next = await buildHello(root, [], env);
    expect(next).toMatchObject({ endings: ['cached shared'], modules: right, warnings: [] });
  }

  /** Puts a consistent entry there, with this module. */
  async function forge(root: string, change: (module: Buffer) => Buffer) {
    const files = await readPack(readFileSync(packIn(root)));
    const modules = files.modules.map(({ path, bytes }) => ({
      path,
      bytes: change(Buffer.from(bytes)),
    }));
    const store = new JobStore(join(temporaryDirectory(), 'jobs'));
    const pack = await makePack(await store.save(key, { ...files, modules, milliseconds: 666 }));
    const entry = { key, pack: { sha256: sha256(pack), size: pack.length } };
    writeFileSync(join(root, 'cas', entry.pack.sha256), pack);
    writeFileSync(join(root, 'ac', key), formatEntry(entry, undefined));
  }

  it('in a byte of the module in its pack', async () => {
    const root = await stocked();
    const pack = readFileSync(packIn(root));
    pack[Math.floor(pack.length / 2)]! ^= 1;
    writeFileSync(packIn(root), pack);
    await expectReplaced(root, /its pack is not what its record says/);
  });

  it('by cutting off its pack', async () => {
    const root = await stocked();
    writeFileSync(packIn(root), readFileSync(packIn(root)).subarray(0, 5000));
    await expectReplaced(root, /its pack has 5000 bytes, not \d+/);
  });

  it('into the record of another job', async () => {
    const root = await stocked();
    const file = join(root, 'ac', key);
    writeFileSync(file, readFileSync(file, 'utf8').replace(key, 'ab'.repeat(32)));
    await expectReplaced(root, /it is the record of another job/);
  });

  it('into a module of another kernel: verification finds it', async () => {
    const root = await stocked();
    await forge(root, (module) => {
      const at = module.indexOf('vermagic=6.1.0-');
      expect(at).toBeGreaterThan(0);
      module.write('9', at + 'vermagic='.length);
      return module;
    });
    await expectReplaced(root, /vermagic/);
  });

  it('into another good module: a secret finds it, and nothing else does', async () => {
    const env = { KBUILD_TS_CACHE_SECRET: 'of the machines that build' };
    const root = await stock(env);
    await forge(root, (module) => module);
    expect((await buildHello(root)).endings).toEqual(['cached shared']);
    await expectReplaced(root, /it has no HMAC/, env);
  });
});

describe('nginx with WebDAV', () => {
  let nginx: Nginx;
  beforeAll(async () => {
    nginx = await startNginx();
  });
  afterAll(() => nginx.stop());

  it('is a shared cache', async () => {
    const first = await buildHello(`${nginx.url}/`);
    expect(first).toMatchObject({ exitCode: 0, endings: ['built'], warnings: [] });
    expect(first.sharing).toEqual({ hits: 0, misses: 1, puts: 1, failures: 0, refused: 0 });
    const pack = basename(packIn(nginx.root));
    expect(nginx.requests()).toEqual([
      `GET /cache/ac/${key} 404`,
      `HEAD /cache/ac/${key} 404`,
      `PUT /cache/cas/${pack} 201`,
      `PUT /cache/ac/${key} 201`,
    ]);
    const second = await buildHello(nginx.url);
    expect(second).toMatchObject({ endings: ['cached shared'], modules: right, warnings: [] });
    expect(nginx.requests().slice(4)).toEqual([
      `GET /cache/ac/${key} 200`,
      `GET /cache/cas/${pack} 200`,
    ]);
  });

  it('serves the same directory that may be shared by path, and that the cache commands know', async () => {
    await buildHello(nginx.url);
    expect((await buildHello(nginx.root)).endings).toEqual(['cached shared']);
    const args = ['cache', 'verify', '--shared-cache', nginx.root];
    const { exitCode, stdout } = await kbuild(args);
    expect([exitCode, stdout]).toEqual([0, expect.stringContaining('ac: 1 checked')]);
  });

  it('replaces an entry that is damaged', async () => {
    await buildHello(nginx.url);
    writeFileSync(packIn(nginx.root), 'garbage');
    const run = await buildHello(nginx.url);
    expect(run).toMatchObject({ endings: ['built'], modules: right, sharing: { refused: 1 } });
    expect((await buildHello(nginx.url)).endings).toEqual(['cached shared']);
  });

  it('may ask who it is, and nobody else is told', async () => {
    const guarded = await startNginx('builder:se-cret/1');
    const withUser = guarded.url.replace('//', '//builder:se-cret%2F1@');
    const known = await buildHello(withUser);
    expect(known).toMatchObject({ exitCode: 0, sharing: { puts: 1, failures: 0 } });
    const strange = await buildHello(guarded.url.replace('//', '//builder:wrong@'));
    await guarded.stop();
    expect(strange).toMatchObject({ exitCode: 0, endings: ['built'], modules: right });
    expect(strange.warnings).toEqual([expect.stringContaining('401')]);
    for (const { stdout, stderr } of [known, strange]) {
      expect(stdout + stderr).not.toMatch(/se-cret|wrong|builder/);
    }
    expect(strange.warnings[0]).toContain(guarded.url);
  });
});

describe('a server that', () => {
  let server: CacheServer;
  const others: CacheServer[] = [];
  beforeAll(async () => {
    server = await startCacheServer();
    await buildHello(server.url);
  });
  afterAll(() => Promise.all([server, ...others].map((one) => one.stop())));

  /** Another server that has what the first one has. */
  async function another(): Promise<CacheServer> {
    const copy = await startCacheServer();
    others.push(copy);
    for (const [path, bytes] of server.blobs) copy.blobs.set(path, bytes);
    return copy;
  }

  // At once, for some are waited for as long as a run waits for a server.
  it.concurrent.each<[string, RegExp, CacheFault]>([
    ['answers 500', /answered with 500/, { kind: 'status', status: 500 }],
    ['says nothing', /no answer for 10\.0 s/, { kind: 'silent' }],
    ['hangs', /nothing more came for 10\.0 s/, { kind: 'hang', after: 20 }],
    [
      'promises more than it sends',
      /nothing more came|other side closed/,
      { kind: 'length', by: 1000 },
    ],
    ['promises less than it sends', /./, { kind: 'length', by: -20 }],
    ['cuts the connection', /other side closed|terminated/, { kind: 'cut', after: 20 }],
    ['sends without end', /gave more than \d+ bytes/, { kind: 'endless' }],
    [
      'leads elsewhere',
      /302.*not followed/,
      { kind: 'status', status: 302, headers: { Location: 'http://127.0.0.1:1/' } },
    ],
  ])('%s is told once, and everything is built', async (_, said, fault) => {
    const broken = await another();
    broken.breakRequests('GET', fault);
    const cache = machine();
    const env = { KBUILD_TS_CACHE_TOKEN: 'se-cret' };
    const run = await buildHello(broken.url, [], env, cache);
    expect(run).toMatchObject({ exitCode: 0, endings: ['built'], modules: right });
    expect(run.warnings).toEqual([expect.stringMatching(said)]);
    expect(run.warnings[0]).toContain(broken.url);
    expect(run.stderr + run.stdout).not.toContain('se-cret');
    expect(run.sharing?.misses).toBe(1);
    expect(new Set(broken.authorizations)).toEqual(new Set(['Bearer se-cret']));
    const verified = await kbuild(['cache', 'verify'], { env: { KBUILD_TS_CACHE_DIR: cache } });
    expect([verified.exitCode, verified.stdout]).toEqual([
      0,
      expect.stringContaining('jobs: 1 checked'),
    ]);
  });

  it('takes nothing is told once, and the results are right', async () => {
    server.reset();
    server.blobs.clear();
    server.breakRequests('PUT', { kind: 'status', status: 507 });
    const run = await buildHello(server.url);
    expect(run).toMatchObject({ exitCode: 0, endings: ['built'], modules: right });
    expect(run.sharing).toMatchObject({ puts: 0, failures: 1 });
    expect(run.warnings).toEqual([expect.stringContaining('PUT')]);
  });

  it('is not there is told once', async () => {
    const gone = await startCacheServer();
    await gone.stop();
    const run = await buildHello(gone.url);
    expect(run).toMatchObject({ exitCode: 0, endings: ['built'], modules: right });
    expect(run.warnings).toEqual([expect.stringContaining('ECONNREFUSED')]);
  });

  it('says nothing does not keep a run from being interrupted', async () => {
    server.reset();
    server.breakRequests('GET', { kind: 'silent' });
    const env = { KBUILD_TS_CACHE_DIR: machine() };
    const out = temporaryDirectory();
    const child = start(['build', ...hello, '--shared-cache', server.url, '--out', out], { env });
    while (server.requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    const begun = performance.now();
    child.kill('SIGINT');
    const { exitCode } = await child;
    expect(exitCode).toBe(130);
    expect(performance.now() - begun).toBeLessThan(3000);
    expect(readdirSync(out)).toEqual([]);
  });
});

describe('what cannot be a shared cache', () => {
  it.each([
    ['another scheme', 'ftp://u:se-cret@cache/x'],
    ['a directory that is not there', '/no/such/cache'],
    ['no URL', 'http://u:se-cret@:99999/'],
  ])('is wrong usage: %s', async (_, place) => {
    for (const [args, env] of [
      [['--shared-cache', place], {}],
      [[], { KBUILD_TS_SHARED_CACHE: place }],
    ] as const) {
      const { exitCode, document, stderr } = await build([...hello, ...args], { env });
      expect([exitCode, document.error?.code]).toEqual([2, 'USAGE']);
      expect(JSON.stringify(document) + stderr).not.toContain('se-cret');
    }
  });

  it('is told of options that exclude each other', async () => {
    const { exitCode, document } = await build([...hello, '--rebuild', '--no-cache']);
    expect([exitCode, document.error?.code]).toEqual([2, 'USAGE']);
  });
});

/** Ends the sleep of a job, from outside of its container. */
async function wake(job: string): Promise<void> {
  const [container = ''] = await containersOf(job);
  const { stdout } = await execa('docker', ['top', container, '-eo', 'pid,args']);
  const [, pid] = /^ *(\d+)\s+sleep 60$/m.exec(stdout) ?? [];
  process.kill(Number(pid));
}

describe('the cache commands', () => {
  /** Without objects, which have entries of their own. */
  const whole = [...hello, '--no-incremental'];

  it('show, verify and prune the cache of a machine', async () => {
    const cache = machine();
    const env = { KBUILD_TS_CACHE_DIR: cache };
    await buildOn(cache, whole);
    const entry = join(cache, 'jobs', key.slice(0, 2), key);
    interface Stats {
      areas: { name: string; entries?: number; bytes: number }[];
    }
    const stats = await kbuildJson<Stats>(['cache', 'stats'], { env });
    const jobs = stats.document.areas.find(({ name }) => name === 'jobs');
    const du = execFileSync('du', ['-s', '--block-size=1', join(cache, 'jobs')], {
      encoding: 'utf8',
    });
    expect(jobs).toMatchObject({ entries: 1, bytes: Number(du.split('\t')[0]) });

    expect((await kbuild(['cache', 'verify'], { env })).exitCode).toBe(0);
    const module = join(entry, 'modules/hello.ko');
    const bytes = readFileSync(module);
    bytes[1000]! ^= 1;
    writeFileSync(module, bytes);
    const verified = await kbuildJson<{ damaged: unknown[] }>(['cache', 'verify'], { env });
    expect(verified.exitCode).toBe(3);
    expect(verified.document.damaged).toEqual([
      { area: 'jobs', key, reason: 'hello.ko is not what its record says' },
    ]);
    expect(existsSync(entry)).toBe(false);
    expect((await kbuild(['cache', 'verify'], { env })).exitCode).toBe(0);
    expect(await buildOn(cache, whole)).toMatchObject({ endings: ['built'], modules: right });

    const old = new Date('2001-01-01');
    utimesSync(entry, old, old);
    const prune = ['cache', 'prune', '--max-size', '1k'];
    const dry = await kbuild([...prune, '--dry-run'], { env });
    expect([dry.exitCode, dry.stdout]).toEqual([0, expect.stringContaining('1 entry would go')]);
    expect(existsSync(entry)).toBe(true);
    const pruned = await kbuildJson<{ removed: unknown[] }>(prune, { env });
    expect(pruned.document.removed).toEqual([
      { area: 'jobs', key, size: expect.any(Number), lastUsed: old.toISOString() },
    ]);
    expect(existsSync(entry)).toBe(false);
    expect(existsSync(join(cache, 'kernels'))).toBe(true);
  });

  it('do not take an entry from under a build that goes on', async () => {
    const cache = machine();
    const env = { KBUILD_TS_CACHE_DIR: cache };
    await buildOn(cache, whole);
    const entry = join(cache, 'jobs', key.slice(0, 2), key);
    const old = new Date('2001-01-01');
    utimesSync(entry, old, old);
    // A cached job, and one that waits in the compiler until we are done.
    const name = `pruned${process.pid}`;
    const slow = temporaryDirectory({
      'slow/kbuild.config.yaml': `name: ${name}\n`,
      'slow/Kbuild':
        'obj-m := slow.o\n$(obj)/slow.c: FORCE\n\t@echo compiling slowly; sleep 60; exit 1\n',
    });
    const out = temporaryDirectory();
    const args = ['build', hello[0]!, join(slow, 'slow'), ...whole.slice(1), '--out', out];
    const child = start([...args, '--verbose', '--jobs', '1'], { env });
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
    while (!said.includes('compiling slowly') || !/cached .*hello/.test(said)) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const pruned = await kbuild(['cache', 'prune', '--max-size', '1'], { env });
    expect(pruned.stdout).toContain('1 more stay');
    await wake(name);
    const { exitCode } = await child;
    expect(exitCode).toBe(1); // of the slow one
    const [path] = readdirSync(out, { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('hello.ko'),
    );
    expect(`hello.ko ${sha256(readFileSync(join(out, path!)))}`).toBe(right[0]);
    const after = await kbuild(['cache', 'prune', '--max-size', '1'], { env });
    expect([after.exitCode, existsSync(entry)]).toEqual([0, false]);
  });

  it('say that a server lists nothing', async () => {
    for (const command of [['stats'], ['verify'], ['prune', '--max-size', '1g']]) {
      const args = ['cache', ...command, '--shared-cache', 'http://u:se-cret@cache/x'];
      const { exitCode, stderr } = await kbuild(args);
      expect([exitCode, stderr]).toEqual([2, expect.stringMatching(/\[USAGE\]/)]);
      expect(stderr).not.toContain('se-cret');
    }
  });
});
