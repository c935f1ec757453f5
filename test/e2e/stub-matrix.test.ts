import { readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import glob from 'fast-glob';
import { beforeAll, describe, expect, it } from 'vitest';
import { JobStore, logFile, moduleBytes } from '../../src/engine/job-store.js';
import { build, kbuildJson } from '../support/cli.js';
import { writeStubMatrix, type StubMatrix } from '../support/stub-matrix.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

describe('a matrix of which all jobs are in the cache', () => {
  let matrix: StubMatrix;
  let args: string[];
  let output: string;

  beforeAll(async () => {
    const directory = temporaryDirectory();
    matrix = await writeStubMatrix(directory, { projects: 3, kernels: 2 });
    output = join(directory, 'out');
    args = [...matrix.projects, ...matrix.kdirs.flatMap((kdir) => ['--kdir', kdir])];
  });

  /** Nobody listens there: whatever asks an engine fails. */
  const env = () => ({
    KBUILD_TS_CACHE_DIR: matrix.cache,
    DOCKER_HOST: `unix://${join(matrix.cache, 'no.sock')}`,
  });
  const run = () => build([...args, '--out', output], { env: env() });
  const publishedFiles = () => glob.sync('**/*.{ko,log}', { cwd: output, absolute: true }).sort();

  it('is planned, and published, without an engine', async () => {
    const plan = await kbuildJson<{ jobs: { id: string }[] }>(['plan', ...args], { env: env() });
    expect(plan.document.jobs).toHaveLength(6);
    const { exitCode, document } = await run();
    expect(exitCode).toBe(0);
    expect(document.jobs.map(({ status }) => status)).toEqual(Array(6).fill('cached'));
    const verdicts = document.jobs.flatMap(({ artifacts }) => artifacts.flatMap((a) => a.verdicts));
    expect(verdicts).toHaveLength(6 * 6);
    expect(verdicts.filter(({ status }) => status !== 'ok')).toEqual([]);
    const vermagics = document.jobs.map(({ artifacts }) => artifacts[0]!.modinfo.vermagic);
    expect(new Set(vermagics.flat()).size).toBe(2);
    expect(publishedFiles()).toHaveLength(12);
  });

  it('writes nothing a second time, but what somebody changed', async () => {
    const files = publishedFiles();
    for (const file of files) utimesSync(file, 1, 1);
    const [changed] = files;
    const content = readFileSync(changed!);
    writeFileSync(
      changed!,
      content.map((byte) => byte ^ 1),
    );
    utimesSync(changed!, 1, 1);
    expect((await run()).exitCode).toBe(0);
    expect(readFileSync(changed!).equals(content)).toBe(true);
    expect(files.filter((file) => statSync(file).mtimeMs !== 1000)).toEqual([changed]);
  });

  it('believes no entry whose bytes have changed: it would build that job again', async () => {
    const [entry] = glob.sync('jobs/*/*/modules/stub000.ko', { cwd: matrix.cache, absolute: true });
    writeFileSync(
      entry!,
      readFileSync(entry!).map((byte, at) => (at === 500 ? byte ^ 1 : byte)),
    );
    const { exitCode, document } = await run();
    expect(exitCode).toBe(4);
    const statuses = document.jobs.map(({ status }) => status).sort();
    expect(statuses).toEqual([...Array<string>(5).fill('cached'), 'failed']);
    expect(document.jobs.flatMap(({ error }) => error?.code ?? [])).toEqual(['ENGINE_NOT_FOUND']);
  });

  it('holds each module against its KDIR: one of another kernel is not taken, whatever its hash', async () => {
    const { document } = await kbuildJson<{ jobs: { project: string; key: string }[] }>(
      ['plan', ...args],
      { env: env() },
    );
    const [job, other] = document.jobs.filter(({ project }) => project === 'stub001');
    const store = new JobStore(join(matrix.cache, 'jobs'));
    const stored = await store.load(other!.key);
    await store.drop(job!.key);
    await store.save(job!.key, {
      ...stored!,
      modules: [{ path: 'stub001.ko', bytes: moduleBytes(stored!, 'stub001.ko') }],
      symvers: '',
      log: logFile(stored!),
    });
    const result = await run();
    expect(result.exitCode).toBe(4);
    const failed = result.document.jobs.filter(({ status }) => status === 'failed');
    expect(failed.map(({ key }) => key)).toContain(job!.key);
  });
});
