import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { projectOf } from '../../test/support/job-values.js';
import { temporaryDirectory } from '../../test/support/temporary-directory.js';
import type { Project } from '../project/project.js';
import { JobHistory, type HistoricJob } from './job-history.js';

/** A project of so many C files. */
function filesOf(count: number): Project {
  const files = Array.from({ length: count }, (_, i) => [`f${i}.c`, '']);
  return projectOf({ Kbuild: 'obj-m := f0.o\n', ...(Object.fromEntries(files) as object) });
}

let one: Project;
let nine: Project;

beforeAll(() => {
  one = filesOf(1);
  nine = filesOf(9);
});

function jobOf(
  project: string,
  changes: Partial<HistoricJob> & { files?: Project } = {},
): HistoricJob {
  const { files = one, release = '6.1.0-56-arm64', arch = 'arm64', toolchain = 'gcc-12' } = changes;
  return {
    ...{ project, release, arch, toolchain },
    source: { project: files, placement: project, digest: '' },
  };
}

/** The history of a cache after a run that built these. */
async function after(
  cache: string,
  builds: [HistoricJob, number, (number | undefined)?][],
  options?: { most: number },
): Promise<JobHistory> {
  const history = JobHistory.load(cache, options);
  for (const [job, milliseconds, memoryBytes] of builds) {
    history.record(job, { milliseconds, ...(memoryBytes !== undefined && { memoryBytes }) });
  }
  await history.save();
  return JobHistory.load(cache, options);
}

describe('JobHistory', () => {
  it('remembers over runs what a build took', async () => {
    const history = await after(temporaryDirectory(), [[jobOf('a'), 1234.5, 56_000_000]]);
    expect(history.expect(jobOf('a'))).toEqual({
      ...{ milliseconds: 1235, memoryBytes: 56_000_000, from: 'job', known: true },
    });
  });

  it('does not care where a project lies', async () => {
    const history = await after(temporaryDirectory(), [[jobOf('a'), 1000]]);
    const elsewhere = jobOf('a');
    elsewhere.source = { ...elsewhere.source, placement: 'b/a', digest: 'other' };
    expect(history.expect(elsewhere)).toMatchObject({ milliseconds: 1000, from: 'job' });
  });

  it('gives what the last build took as much weight as all before it', async () => {
    const cache = temporaryDirectory();
    await after(cache, [[jobOf('a'), 1000]]);
    const history = await after(cache, [[jobOf('a'), 2000]]);
    expect(history.expect(jobOf('a')).milliseconds).toBe(1500);
  });

  it('takes more memory at its word at once, and less by and by', async () => {
    const cache = temporaryDirectory();
    const memoryAfter = async (bytes?: number) =>
      (await after(cache, [[jobOf('a'), 1, bytes]])).expect(jobOf('a')).memoryBytes;
    expect(await memoryAfter()).toBeUndefined();
    expect(await memoryAfter(100)).toBe(100);
    expect(await memoryAfter(300)).toBe(300);
    expect(await memoryAfter(100)).toBe(200);
    expect(await memoryAfter()).toBe(200); // not measured: nothing new
  });

  it('concludes from builds for other kernels, of the same arch if there are any', async () => {
    const x86 = { release: '6.1.0-56-amd64', arch: 'x86_64' };
    const history = await after(temporaryDirectory(), [
      [jobOf('a', { release: '5.10' }), 1000, 7],
      [jobOf('a', { release: '6.12' }), 3000, 9],
      [jobOf('a', x86), 8000],
    ]);
    expect(history.expect(jobOf('a'))).toEqual({
      ...{ milliseconds: 2000, memoryBytes: 9, from: 'project', known: true },
    });
    expect(history.expect(jobOf('a', { arch: 'riscv64' })).milliseconds).toBe(4000);
  });

  it('concludes from the number of files what was never built', async () => {
    const history = await after(temporaryDirectory(), [
      [jobOf('a'), 1000],
      [jobOf('b', { files: nine }), 5000],
    ]);
    // 12 units took 6 s: each file, and one for each build.
    expect(history.expect(jobOf('c'))).toEqual({ milliseconds: 1000, from: 'files', known: true });
    expect(history.expect(jobOf('c', { files: nine })).milliseconds).toBe(5000);
  });

  it('guesses where it knows nothing, and says so', () => {
    const history = JobHistory.load(temporaryDirectory());
    const [small, large] = [jobOf('a'), jobOf('a', { files: nine })].map((job) =>
      history.expect(job),
    );
    expect(small).toMatchObject({ from: 'guess', known: false });
    expect(large!.milliseconds).toBeGreaterThan(small!.milliseconds);
  });

  it('learns while it runs', () => {
    const history = JobHistory.load(temporaryDirectory());
    history.record(jobOf('a'), { milliseconds: 400 });
    expect(history.expect(jobOf('a')).milliseconds).toBe(400);
    expect(history.expect(jobOf('b'))).toMatchObject({ milliseconds: 400, from: 'files' });
    history.record(jobOf('b'), { milliseconds: 800 });
    expect(history.expect(jobOf('c'))).toMatchObject({ milliseconds: 600 });
  });

  it('takes no time that no clock gives', async () => {
    const cache = temporaryDirectory();
    const history = await after(cache, [
      [jobOf('a'), NaN],
      [jobOf('b'), -5],
      [jobOf('c'), Infinity],
    ]);
    expect(history.expect(jobOf('a')).known).toBe(false);
  });

  it('merges what runs at the same time have learnt', async () => {
    const cache = temporaryDirectory();
    const runs = Array.from({ length: 8 }, (_, i) => {
      const history = JobHistory.load(cache);
      history.expect(jobOf('shared')); // has read the file before any other has written it
      history.record(jobOf(`p${i}`), { milliseconds: 100 + i });
      return history;
    });
    await Promise.all(runs.map((history) => history.save()));
    const history = JobHistory.load(cache);
    for (const i of runs.keys()) {
      expect(history.expect(jobOf(`p${i}`))).toMatchObject({ milliseconds: 100 + i, from: 'job' });
    }
  });

  it.each([
    ['no JSON', '{"schemaVersion":1,"runs":1,"jobs":{"a":{"6.1.0-56-'],
    ['no object', '[1, 2]'],
    ['null', 'null'],
    [
      'of another version',
      '{"schemaVersion":2,"runs":1,"jobs":{"a":{"6.1.0-56-arm64/arm64/gcc-12":[1,0,1,1]}}}',
    ],
    ['without a count of runs', '{"schemaVersion":1,"jobs":{}}'],
    ['with a foreign project', '{"schemaVersion":1,"runs":1,"jobs":{"a":[1]}}'],
    [
      'with foreign numbers',
      '{"schemaVersion":1,"runs":1,"jobs":{"a":{"6.1.0-56-arm64/arm64/gcc-12":[-1,"x",1e999,1]}}}',
    ],
    [
      'with too few numbers',
      '{"schemaVersion":1,"runs":1,"jobs":{"a":{"6.1.0-56-arm64/arm64/gcc-12":[5]}}}',
    ],
  ])('is as if empty where its file is %s, and mends it', async (_, text) => {
    const cache = temporaryDirectory({ 'history.json': text });
    expect(JobHistory.load(cache).expect(jobOf('a'))).toMatchObject({ from: 'guess' });
    const history = await after(cache, [[jobOf('a'), 10]]);
    expect(history.expect(jobOf('a'))).toMatchObject({ milliseconds: 10, from: 'job' });
  });

  it('keeps the entries that are sound beside one that is not', async () => {
    const cache = temporaryDirectory();
    await after(cache, [
      [jobOf('a'), 10],
      [jobOf('b'), 20],
    ]);
    const file = join(cache, 'history.json');
    writeFileSync(file, readFileSync(file, 'utf8').replace('[10,', '["10",'));
    const history = JobHistory.load(cache);
    expect(history.expect(jobOf('a'))).toMatchObject({ from: 'files' });
    expect(history.expect(jobOf('b'))).toMatchObject({ from: 'job' });
  });

  it('takes any name for a project', async () => {
    const history = await after(temporaryDirectory(), [
      [jobOf('__proto__'), 10],
      [jobOf('a/b'), 20],
    ]);
    expect(history.expect(jobOf('__proto__'))).toMatchObject({ milliseconds: 10, from: 'job' });
    expect(history.expect(jobOf('a/b'))).toMatchObject({ milliseconds: 20, from: 'job' });
    expect(history.expect(jobOf('constructor'))).toMatchObject({ from: 'files' });
  });

  it('forgets what was not needed for longest', async () => {
    const cache = temporaryDirectory();
    const most = { most: 3 };
    await after(
      cache,
      [
        [jobOf('a'), 1],
        [jobOf('b'), 2],
      ],
      most,
    );
    await after(cache, [[jobOf('c'), 3]], most);
    const history = JobHistory.load(cache, most);
    history.expect(jobOf('a')); // needed, and not built: the cache had it
    history.record(jobOf('d'), { milliseconds: 4 });
    await history.save();
    const left = JobHistory.load(cache, most);
    const froms = ['a', 'b', 'c', 'd'].map((name) => left.expect(jobOf(name)).from);
    expect(froms).toEqual(['job', 'files', 'job', 'job']);
  });

  it('writes nothing if nothing was built', async () => {
    const cache = temporaryDirectory();
    const history = await after(cache, []);
    history.expect(jobOf('a'));
    await history.save();
    expect(existsSync(join(cache, 'history.json'))).toBe(false);
  });

  it('fails no run where it cannot be written', async () => {
    const occupied = temporaryDirectory({ 'history.json/file': '' });
    expect((await after(occupied, [[jobOf('a'), 1]])).expect(jobOf('a')).from).toBe('guess');
    const file = join(temporaryDirectory({ file: '' }), 'file');
    expect((await after(file, [[jobOf('a'), 1]])).expect(jobOf('a')).from).toBe('guess');
    const locked = join(temporaryDirectory(), 'cache');
    mkdirSync(locked);
    chmodSync(locked, 0o500); // root may write there all the same
    await expect(after(locked, [[jobOf('a'), 1]])).resolves.toBeDefined();
  });

  it('reads 10,000 entries in little more time than JSON needs', async () => {
    const cache = temporaryDirectory();
    const builds = Array.from({ length: 10_000 }, (_, i): [HistoricJob, number, number] => [
      jobOf(`project-${i % 100}`, { release: `6.1.0-${Math.floor(i / 100)}-arm64` }),
      ...([1000 + i, 50_000_000 + i] as [number, number]),
    ]);
    await after(cache, builds);
    const least = (work: () => void) =>
      Math.min(
        ...Array.from({ length: 10 }, () => {
          const before = process.cpuUsage();
          work();
          const { user, system } = process.cpuUsage(before);
          return user + system;
        }),
      );
    const text = readFileSync(join(cache, 'history.json'), 'utf8');
    const parsing = least(() => JSON.parse(text) as unknown);
    const reading = least(() => {
      expect(JobHistory.load(cache).expect(builds[0]![0]).from).toBe('job');
    });
    // A few times what it takes to parse the text, about 3 ms: whatever else the machine does.
    expect(reading).toBeLessThan(10 * parsing);
  });
});
