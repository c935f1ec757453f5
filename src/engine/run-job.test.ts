import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { fakeEngine } from '../../test/support/engine.js';
import type { FakeBuild } from '../../test/support/fake-runtime.js';
import { fixtureModule } from '../../test/support/fixture-module.js';
import { jobOf, kdirOf, projectAt, projectOf } from '../../test/support/job-values.js';
import { makeKeyPair, type KeyPair } from '../../test/support/openssl.js';
import { kernelFor } from '../../test/support/symvers.js';
import { temporaryDirectory } from '../../test/support/temporary-directory.js';
import { artifactSchema } from '../artifact/manifest-schema.js';
import { parseSymvers } from '../kernel/symvers.js';
import { readModule } from '../module/read-module.js';
import type { Job } from '../plan/job.js';
import { recipe } from '../plan/recipe.js';
import type { Project } from '../project/project.js';
import { createSigner } from '../release/signer.js';
import type { EngineContext, JobSigner } from './engine-context.js';
import { moduleFile } from './job-store.js';
import type { JobResult } from './job-result.js';
import { runJobs } from './run-jobs.js';

const params = fixtureModule('params-x86_64');
const exporter = fixtureModule('exporter-x86_64');
const good: FakeBuild = { files: { 'params.ko': params, 'Module.symvers': '' } };

/** A job for the kernel of the x86_64 fixtures. */
const paramsJob = (changes: Partial<Project> = {}): Job =>
  jobOf(
    projectOf(
      { Kbuild: 'obj-m := params.o\n', 'params.c': 'int x;\n' },
      { name: 'params', ...changes },
    ),
    kdirOf('x86_64'),
  );

async function runOne(job: Job, context: EngineContext): Promise<JobResult> {
  const [result] = await runJobs([job], { failFast: false }, context);
  return result!;
}

const publishedBytes = ({ modules }: JobResult): Buffer[] =>
  modules.map(({ file }) => readFileSync(file));

describe('a job that is built', () => {
  it('gives its modules, described and judged, with their bytes on disk', async () => {
    const { context } = fakeEngine(() => good);
    const job = paramsJob({ expected: ['params'], license: 'GPL' });
    const result = await runOne(job, context());
    expect(result).toMatchObject({ job, status: 'built', diagnostics: [] });
    expect(result).not.toHaveProperty('error');
    const [module] = result.modules;
    expect(artifactSchema.parse(module?.artifact)).toEqual(module?.artifact);
    expect(module?.artifact.path).toBe('6.1.0-56-amd64/x86_64/params.ko');
    expect(module?.artifact.verdicts.map(({ check, status }) => `${check} ${status}`)).toEqual([
      'machine ok',
      'vermagic ok',
      'name ok',
      'license ok',
      'symbols ok',
      'signature ok',
    ]);
    expect(publishedBytes(result)[0]?.equals(params)).toBe(true);
  });

  it('is run in isolation, in its image, with its recipe and within its limits', async () => {
    const { context, runtime } = fakeEngine(() => good);
    const job = paramsJob();
    const own = context();
    await runOne(job, own);
    const pipe = join(own.scratch, 'tokens', '3'); // the last one of those that are free
    expect(runtime.specs).toEqual([
      {
        image: `id of ${job.image}`,
        script: expect.stringContaining('M=/build/params'),
        env: job.env,
        mounts: [
          ...job.kdir.mounts,
          { source: expect.any(String), target: '/src/params' },
          { source: pipe, target: '/jobserver', writable: true },
        ],
        profile: 'build',
        title: job.id,
        memoryBytes: 2 ** 30,
        diskBytes: 2 ** 20,
        timeoutMs: 60_000,
      },
    ]);
    expect(runtime.specs[0]!.script).toBe(recipe(job, { parallelism: { tokens: pipe } }));
  });

  it('keeps the whole output of its build in its log', async () => {
    const lines = Array.from({ length: 200 }, (_, i) => `line ${i} größe`);
    const { context } = fakeEngine(() => ({ ...good, lines }));
    const job = paramsJob();
    const { log } = await runOne(job, context());
    expect(readFileSync(log!, 'utf8')).toBe(lines.map((line) => `${line}\n`).join(''));
    const cached = await runOne(job, context());
    expect(cached.status).toBe('cached');
    expect(readFileSync(cached.log!, 'utf8')).toBe(readFileSync(log!, 'utf8'));
  });

  it('tells the compiler’s warnings by the user’s own paths, again from the cache', async () => {
    const line = '/build/params/params.c:3:4: warning: unused [-Wunused]';
    const { context, events } = fakeEngine(() => ({ ...good, lines: [line] }));
    const job = paramsJob();
    const { diagnostics } = await runOne(job, context());
    const file = join(job.source.project.directory, 'params.c');
    const warning = { severity: 'warning', message: 'unused', file, line: 3, column: 4 };
    expect(diagnostics).toEqual([{ ...warning, flag: '-Wunused' }]);
    expect(events).toContainEqual({
      type: 'diagnostic',
      job: expect.objectContaining({ id: job.id }),
      diagnostic: diagnostics[0],
    });
    expect((await runOne(job, context())).diagnostics).toEqual(diagnostics);
  });

  it('tells them by the paths of the directory that it is built in, whoever built it first', async () => {
    const lines = ['/build/params/params.c:1:2: warning: in /build/params/params.h'];
    const { context } = fakeEngine(() => ({ ...good, lines }));
    const first = paramsJob();
    await runOne(first, context());
    const copy = join(temporaryDirectory(), 'copy');
    cpSync(first.source.project.directory, copy, { recursive: true });
    const second = jobOf(projectAt(copy, { name: 'params' }), kdirOf('x86_64'));
    expect(second.key).toBe(first.key);
    expect(await runOne(second, context())).toMatchObject({
      status: 'cached',
      diagnostics: [{ file: join(copy, 'params.c'), message: `in ${join(copy, 'params.h')}` }],
    });
  });

  it('publishes modules by their names, unless two have the same', async () => {
    const two = { 'a/params.ko': params, 'b/params.ko': params, 'c/exporter.ko': exporter };
    const { context } = fakeEngine(() => ({ files: two }));
    const { modules } = await runOne(paramsJob(), context());
    expect(modules.map(({ artifact }) => artifact.path).sort()).toEqual([
      '6.1.0-56-amd64/x86_64/a/params.ko',
      '6.1.0-56-amd64/x86_64/b/params.ko',
      '6.1.0-56-amd64/x86_64/exporter.ko',
    ]);
  });
});

describe('a build that goes wrong', () => {
  const failing = async (build: FakeBuild, project: Partial<Project> = {}): Promise<JobResult> => {
    const { context, store } = fakeEngine(() => build);
    const job = paramsJob(project);
    const result = await runOne(job, context());
    expect(result.status).toBe('failed');
    expect(result.modules).toEqual([]);
    expect(await store.load(job.key)).toBeUndefined();
    return result;
  };

  it('is told by its first error, with its diagnostics and its log', async () => {
    const lines = [
      '/build/params/params.c:1:2: error: no such thing',
      'make: *** [Makefile:1: modules] Error 2',
    ];
    const result = await failing({ exitCode: 2, lines, ...good });
    expect(result.error?.code).toBe('BUILD_COMPILE_ERROR');
    expect(result.error?.message).toBe(
      `${join(result.job.source.project.directory, 'params.c')}:1:2: no such thing`,
    );
    expect(result.diagnostics).toHaveLength(1);
    expect(readFileSync(result.log!, 'utf8')).toBe(`${lines.join('\n')}\n`);
    expect(result.imageId).toBe(`id of ${result.job.image}`);
  });

  it('is told when it took too long', async () => {
    const result = await failing({ ...good, end: 'timeout', exitCode: 137 });
    expect(result.error?.code).toBe('BUILD_TIMEOUT');
  });

  it('is told when it gave no module, though make succeeded', async () => {
    const result = await failing({ files: { 'Module.symvers': '', 'modules.order': '' } });
    expect(result.error?.code).toBe('BUILD_NO_MODULES');
  });

  it('is told when a module is missing that the project promises', async () => {
    const result = await failing(good, { expected: ['params', 'other'] });
    expect(result.error).toMatchObject({
      code: 'BUILD_MODULE_MISSING',
      message: expect.stringMatching(/but other\.ko did not come out/),
    });
  });

  it('is told when a module is missing that Kbuild says it made', async () => {
    const files = { ...good.files, 'modules.order': 'params.o\nlost.o\n' };
    const result = await failing({ files });
    expect(result.error?.code).toBe('BUILD_MODULE_MISSING');
    expect(result.error?.message).toContain('lost.ko');
  });

  it('says no more of a make that printed much than its end', async () => {
    const noise = Array.from({ length: 1000 }, (_, i) => `line ${i}`);
    const result = await failing({ exitCode: 2, lines: ['Killed', ...noise, 'the end'] });
    expect(result.error?.code).toBe('BUILD_MAKE_FAILED');
    expect(result.error?.message).toContain('the end');
  });
});

describe('a module that does not stand up to verification', () => {
  it('is neither published nor cached, though make succeeded', async () => {
    const { context, store, runtime } = fakeEngine(() => good);
    const job = paramsJob({ license: 'Dual MIT/GPL' });
    const result = await runOne(job, context());
    expect(result).toMatchObject({ status: 'failed', modules: [] });
    expect(result.error).toMatchObject({
      code: 'VERIFY_FAILED',
      message: expect.stringMatching(/^params\.ko: license: .*'Dual MIT\/GPL'/),
    });
    expect(existsSync(result.log!)).toBe(true);
    expect(await store.load(job.key)).toBeUndefined();
    await runOne(job, context());
    expect(runtime.specs).toHaveLength(2);
  });

  it.each([
    ['is no ELF file', 'text'],
    ['was cut off', params.subarray(0, 500)],
    [
      'ends in half a signature',
      Buffer.concat([params, Buffer.from('~Module signature appended~\n')]),
    ],
  ])('because it %s is a failure like any other, with its log', async (_, content) => {
    const lines = ['/build/params/params.c:1:2: warning: hm'];
    const { context, store, runtime } = fakeEngine(() => ({
      lines,
      files: { 'params.ko': content },
    }));
    const job = paramsJob();
    const result = await runOne(job, context());
    expect(result).toMatchObject({ status: 'failed', modules: [] });
    expect(result.error?.code).toBe('VERIFY_FAILED');
    expect(result.error?.message).toMatch(/^params\.ko: /);
    expect(result.diagnostics).toHaveLength(1);
    expect(readFileSync(result.log!, 'utf8')).toBe(`${lines[0]}\n`);
    expect(await store.load(job.key)).toBeUndefined();
    await runOne(job, context());
    expect(runtime.specs).toHaveLength(2);
  });

  it('takes all modules of its job with it', async () => {
    const { context } = fakeEngine(() => ({
      files: { ...good.files, 'exporter.ko': exporter, 'wrong.ko': exporter },
    }));
    const result = await runOne(paramsJob(), context());
    expect(result.modules).toEqual([]);
    expect(result.error?.message).toBe(
      "wrong.ko: name: the module calls itself 'exporter', its file is wrong.ko",
    );
  });

  it('is told with everything that is wrong, a line for each', async () => {
    const { context } = fakeEngine(() => good, { symversOf: () => new Map() });
    const result = await runOne(paramsJob({ license: 'MIT' }), context());
    const lines = result.error?.message.split('\n') ?? [];
    expect(lines.map((line) => line.split(': ').slice(0, 2))).toEqual([
      ['params.ko', 'license'],
      ['params.ko', 'symbols'],
    ]);
  });

  it('is told by what the KDIR exports, not by what make says', async () => {
    const symvers = parseSymvers(kernelFor(readModule(params), '_printk'));
    const { context } = fakeEngine(() => good, { symversOf: () => symvers });
    const result = await runOne(paramsJob(), context());
    expect(result.error?.code).toBe('VERIFY_FAILED');
    expect(result.error?.message).toContain("'_printk' is exported by nothing");
  });
});

describe('the cache', () => {
  it('gives what was built before, without an engine and without an image', async () => {
    const { context, runtime, events } = fakeEngine(() => good);
    const job = paramsJob();
    const built = await runOne(job, context());
    events.length = 0;
    const unavailable = () => Promise.reject(new Error('nobody may ask for it'));
    const cached = await runOne(job, context({ runtime: unavailable, imageOf: unavailable }));
    expect(cached).toMatchObject({ status: 'cached', imageId: built.imageId });
    expect(publishedBytes(cached)).toEqual(publishedBytes(built));
    expect(cached.modules.map(({ artifact }) => artifact)).toEqual(
      built.modules.map(({ artifact }) => artifact),
    );
    expect(runtime.specs).toHaveLength(1);
    const steps = events.flatMap((event) => ('step' in event ? event.step : []));
    expect(steps).toEqual(['cache', 'verify']);
  });

  it('is not asked where the user wants none', async () => {
    const { context, runtime } = fakeEngine(() => good);
    const job = paramsJob();
    await runOne(job, context());
    expect((await runOne(job, context({ useStore: false }))).status).toBe('built');
    expect(runtime.specs).toHaveLength(2);
  });

  it('does not give a damaged entry: it is built again and then whole', async () => {
    const { context, store, runtime } = fakeEngine(() => good);
    const job = paramsJob();
    await runOne(job, context());
    const entry = await store.load(job.key);
    writeFileSync(moduleFile(entry!, 'params.ko'), 'garbage');
    const again = await runOne(job, context());
    expect(again.status).toBe('built');
    expect(publishedBytes(again)[0]?.equals(params)).toBe(true);
    expect(runtime.specs).toHaveLength(2);
    expect((await runOne(job, context())).status).toBe('cached');
  });

  it.each(['Module.symvers', 'log'])('does not give an entry without its %s', async (name) => {
    const { context, store } = fakeEngine(() => good);
    const job = paramsJob();
    await runOne(job, context());
    const entry = await store.load(job.key);
    rmSync(join(entry!.directory, name));
    const again = await runOne(job, context());
    expect(again.status).toBe('built');
    expect(existsSync(again.log!)).toBe(true);
    expect((await runOne(job, context())).status).toBe('cached');
  });

  it('does not give what an image made that its name no longer stands for', async () => {
    const { context } = fakeEngine(() => good);
    const job = paramsJob();
    const { imageId } = await runOne(job, context());
    const same = await runOne(job, context({ knownImageId: () => imageId }));
    expect(same.status).toBe('cached');
    const renewed = { knownImageId: () => 'new', imageOf: () => Promise.resolve('new') };
    const again = await runOne(job, context(renewed));
    expect(again).toMatchObject({ status: 'built', imageId: 'new' });
    expect(await runOne(job, context(renewed))).toMatchObject({ status: 'cached', imageId: 'new' });
  });

  it('does not give what is no longer right: it is built again', async () => {
    const { context, runtime } = fakeEngine(() => good);
    const job = paramsJob();
    await runOne(job, context());
    const changed = parseSymvers(kernelFor(readModule(params), '_printk'));
    const result = await runOne(job, context({ symversOf: () => changed }));
    expect(runtime.specs).toHaveLength(2);
    expect(result.error?.code).toBe('VERIFY_FAILED');
    expect((await runOne(job, context())).status).toBe('built');
  });

  it('does not keep a build whose sources changed after it was planned', async () => {
    const { context, store, runtime } = fakeEngine(() => good);
    const job = paramsJob();
    writeFileSync(join(job.source.project.directory, 'params.c'), 'int y;\n');
    const result = await runOne(job, context());
    expect(result.status).toBe('built');
    expect(publishedBytes(result)[0]?.equals(params)).toBe(true);
    expect(await store.load(job.key)).toBeUndefined();
    await runOne(job, context());
    expect(runtime.specs).toHaveLength(2);
  });

  it('does not keep what a build left that failed', async () => {
    const builds: FakeBuild[] = [{ ...good, exitCode: 2 }, good];
    const { context } = fakeEngine(() => builds.shift()!);
    const job = paramsJob();
    expect((await runOne(job, context())).status).toBe('failed');
    expect((await runOne(job, context())).status).toBe('built');
  });

  it('is the job’s own: another job does not get it', async () => {
    const { context, runtime } = fakeEngine(() => good);
    await runOne(paramsJob(), context());
    expect((await runOne(paramsJob({ make: { DEBUG: '1' } }), context())).status).toBe('built');
    expect(runtime.specs).toHaveLength(2);
  });
});

describe('a job whose modules are signed', () => {
  /** Signs as a project with this key has it. */
  const signerWith = (pair: KeyPair): JobSigner => {
    const signer = createSigner(pair);
    return {
      sign: async (module) => (await signer).sign(module, 'sha256'),
      verify: async (module) => (await signer).verify(module),
    };
  };
  let vendor: KeyPair;
  let other: KeyPair;

  beforeAll(() => {
    const directory = temporaryDirectory();
    vendor = makeKeyPair(directory, 'vendor', { subject: '/CN=Vendor' });
    other = makeKeyPair(directory, 'other', { subject: '/CN=Other' });
  });

  it('gives signed modules, which are judged with their signature', async () => {
    const { context } = fakeEngine(() => good, { signerOf: () => signerWith(vendor) });
    const result = await runOne(paramsJob(), context());
    const [module] = result.modules;
    expect(module?.artifact.signature).toMatchObject({ signer: 'Vendor', hash: 'sha256' });
    expect(module?.artifact.verdicts.at(-1)).toMatchObject({ check: 'signature', status: 'ok' });
    const [bytes] = publishedBytes(result);
    expect(bytes?.length).toBe(module?.artifact.size);
    expect(bytes?.subarray(0, params.length).equals(params)).toBe(true);
    expect(bytes?.subarray(params.length).toString('latin1')).toContain('~Module signature');
  });

  it('is cached unsigned: another key, or none, needs no other build', async () => {
    const { context, runtime } = fakeEngine(() => good);
    const job = paramsJob();
    const signers: (string | undefined)[] = [];
    for (const pair of [vendor, other, undefined]) {
      const signerOf = () => pair && signerWith(pair);
      const { modules } = await runOne(job, context({ signerOf }));
      signers.push(modules[0]?.artifact.signature?.signer);
    }
    expect(signers).toEqual(['Vendor', 'Other', undefined]);
    expect(runtime.specs).toHaveLength(1);
  });

  it('is not published with a signature that does not hold', async () => {
    const signer = { ...signerWith(vendor), verify: () => Promise.resolve(false) };
    const { context } = fakeEngine(() => good, { signerOf: () => signer });
    const result = await runOne(paramsJob(), context());
    expect(result).toMatchObject({ status: 'failed', modules: [] });
    expect(result.error?.code).toBe('VERIFY_FAILED');
    expect(result.error?.message).toContain('signature');
  });

  it('is not published if it is not signed after all', async () => {
    const signer = { ...signerWith(vendor), sign: (bytes: Uint8Array) => Promise.resolve(bytes) };
    const { context } = fakeEngine(() => good, { signerOf: () => signer });
    const result = await runOne(paramsJob(), context());
    expect(result.error?.message).toBe('params.ko: signature: not signed');
  });
});
