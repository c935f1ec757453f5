import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { fakeEngine } from '../../test/support/engine.js';
import type { FakeBuild } from '../../test/support/fake-runtime.js';
import { fixtureModule } from '../../test/support/fixture-module.js';
import { kdirOf, projectAt } from '../../test/support/job-values.js';
import { kbuildErrorOf } from '../../test/support/kbuild-error-of.js';
import { temporaryDirectory } from '../../test/support/temporary-directory.js';
import { KbuildError } from '../errors/kbuild-error.js';
import type { Event } from '../events/event.js';
import type { Job } from '../plan/job.js';
import { planJobs } from '../plan/plan-jobs.js';
import { toolchainByName } from '../toolchain/toolchain.js';
import type { JobResult } from './job-result.js';
import { runJobs } from './run-jobs.js';

/** A build that gives a real module. */
const good: FakeBuild = { files: { 'params.ko': fixtureModule('params-x86_64') } };
const bad: FakeBuild = { exitCode: 2, lines: ['/build/x/x.c:1:2: error: no'] };

const targets = [{ kdir: kdirOf('x86_64'), toolchain: toolchainByName('gcc-12') }];

/** A job for each project, which needs the jobs of those that it depends on. */
function jobsOf(depends: Record<string, string[]>): Job[] {
  const names = Object.keys(depends);
  const parent = temporaryDirectory(
    Object.fromEntries(names.map((name) => [`${name}/Kbuild`, `# ${name}\n`])),
  );
  const assignments = names.map((name) => ({
    project: projectAt(join(parent, name), {
      name,
      depends: (depends[name] ?? []).map((need) => join(parent, need)),
    }),
    targets,
  }));
  return planJobs(assignments, 'x86_64');
}

/** Independent jobs. */
const several = (...names: string[]): Job[] =>
  jobsOf(Object.fromEntries(names.map((name) => [name, []])));

/** The project of a job's id. */
const nameOf = (id: string): string => id.split('-')[0] ?? '';

const going = { failFast: false };

/** A budget of so many processes. */
const atOnce = (processes: number) => ({ budget: { processes, memoryBytes: 2 ** 40 } });

const statuses = (results: readonly JobResult[]): string[] =>
  results.map(({ job, status }) => `${job.project} ${status}`);

/** A promise that a test resolves. */
function gate(): { opened: Promise<void>; open: () => void } {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

describe('runJobs', () => {
  it('gives a result for each job, in the order of the plan and not of their ends', async () => {
    const slow = gate();
    const { context, runtime } = fakeEngine(({ title }) =>
      nameOf(title) === 'a' ? { ...good, until: slow.opened } : good,
    );
    const run = runJobs(several('a', 'b', 'c'), going, context());
    await runtime.begun(3); // c can begin only when b has ended
    slow.open();
    expect(statuses(await run)).toEqual(['a built', 'b built', 'c built']);
  });

  it('gives nothing for no jobs', async () => {
    const { context } = fakeEngine(() => good);
    expect(await runJobs([], going, context())).toEqual([]);
  });

  it.each([1, 2, 3])('runs no more jobs at once than asked: %i', async (processes) => {
    const gates = Array.from({ length: 5 }, gate);
    let begun = 0;
    const { context, runtime } = fakeEngine(() => ({ ...good, until: gates[begun++]!.opened }));
    const run = runJobs(several('a', 'b', 'c', 'd', 'e'), going, context(atOnce(processes)));
    for (const [i, { open }] of gates.entries()) {
      await runtime.begun(Math.min(i + processes, 5));
      open();
    }
    await run;
    expect(runtime.specs).toHaveLength(5);
    expect(runtime.most).toBe(processes);
  });

  it('makes builds ready before they may begin', async () => {
    const first = gate();
    const { context, runtime, events } = fakeEngine(() => ({ ...good, until: first.opened }));
    const images: string[] = [];
    const imageOf = ({ project, image }: Job) => {
      images.push(project);
      return Promise.resolve(image);
    };
    const run = runJobs(several('a', 'b', 'c', 'd'), going, context({ ...atOnce(1), imageOf }));
    await runtime.begun(1);
    expect(images.toSorted()).toEqual(['a', 'b', 'c', 'd']);
    expect(events.filter(({ type }) => type === 'job-start')).toHaveLength(1);
    first.open();
    expect(statuses(await run)).toEqual(['a built', 'b built', 'c built', 'd built']);
  });

  it('begins with what takes longest, all that waits for it included', async () => {
    const { context, runtime } = fakeEngine(() => ({ ...good, until: sleep(50) }));
    const jobs = jobsOf({ short: [], long: [], base: [], top: ['base'] });
    const shared = context(atOnce(1));
    const took: Record<string, number> = { short: 1000, long: 5000, base: 2000, top: 9000 };
    for (const job of jobs) {
      shared.history.record(job, { milliseconds: took[job.project] ?? 0 });
    }
    await runJobs(jobs, going, shared);
    // When base ends, long is ready, and top not yet.
    expect(runtime.titles.map(nameOf)).toEqual(['base', 'long', 'top', 'short']);
  });

  it('remembers how long whole builds took', async () => {
    const { context } = fakeEngine(() => good);
    const [job] = several('a');
    const shared = context();
    expect(shared.history.expect(job!).from).toBe('guess');
    await runJobs([job!], going, shared);
    expect(shared.history.expect(job!).from).toBe('job');
  });

  it('runs beside each other what its memory allows, and what is alone whatever it holds', async () => {
    const gates = Array.from({ length: 3 }, gate);
    let begun = 0;
    const { context, runtime } = fakeEngine(() => ({ ...good, until: gates[begun++]!.opened }));
    const jobs = several('a', 'b', 'c');
    const budget = { processes: 8, memoryBytes: 1000 };
    const limits = { memoryBytes: 10_000, diskBytes: 2 ** 20, timeoutMs: 60_000 };
    const shared = context({ budget, limits });
    const holds = [2000, 300, 300];
    for (const [i, job] of jobs.entries()) {
      shared.history.record(job, { milliseconds: 1000 - i, memoryBytes: holds[i]! });
    }
    const run = runJobs(jobs, going, shared);
    await runtime.begun(1);
    expect(runtime.running.map(nameOf)).toEqual(['a']);
    gates[0]!.open();
    await runtime.begun(3);
    for (const { open } of gates) open();
    await run;
    expect(runtime.most).toBe(2);
  });

  it('runs at least one job, whatever is asked', async () => {
    const { context } = fakeEngine(() => good);
    const results = await runJobs(several('a', 'b'), going, context(atOnce(0)));
    expect(statuses(results)).toEqual(['a built', 'b built']);
  });

  it('tells what happens in the order in which it happens', async () => {
    const { context, events } = fakeEngine(() => ({
      ...good,
      lines: ['  CC [M]  a.o', '/build/a/a.c:1:2: warning: hm [-Wx]'],
    }));
    const [job] = several('a');
    await runJobs([job!], going, context());
    const said = events.map((event) => ('step' in event ? event.step : event.type));
    expect(said).toEqual([
      'cache',
      'job-start',
      'progress',
      'compile',
      'line',
      'line',
      'diagnostic',
      'collect',
      'verify',
      'job-end',
      'progress',
    ]);
    const ofJobs = events.filter((event) => event.type !== 'progress');
    expect(ofJobs.every((event) => 'job' in event && event.job.id === job!.id)).toBe(true);
    expect(ofJobs.at(-1)).toMatchObject({ status: 'built' });
    expect(ofJobs.at(-1)).not.toHaveProperty('error');
  });
});

describe('jobs that need others', () => {
  it('begin when these have ended, and find their symbols', async () => {
    const base = gate();
    const { context, runtime } = fakeEngine(({ title }) =>
      nameOf(title) === 'base' ? { ...good, until: base.opened } : good,
    );
    const jobs = jobsOf({ base: [], other: [], top: ['base'] });
    const run = runJobs(jobs, { failFast: false }, context());
    await runtime.begun(2);
    expect(runtime.titles.map(nameOf).sort()).toEqual(['base', 'other']);
    base.open();
    const results = await run;
    expect(nameOf(runtime.titles.at(-1)!)).toBe('top');
    const [baseResult] = results;
    expect(runtime.specs.at(-1)?.mounts).toContainEqual({
      source: baseResult?.symversDirectory,
      target: `/symvers/${jobs[0]!.id}`,
    });
  });

  it('let independent ones pass by while they wait', async () => {
    const base = gate();
    const { context, runtime } = fakeEngine(({ title }) =>
      nameOf(title) === 'base' ? { ...good, until: base.opened } : good,
    );
    const jobs = jobsOf({ base: [], top: ['base'], x: [], y: [] });
    const run = runJobs(jobs, going, context());
    await runtime.begun(3);
    // base and x begin together; y takes the place of x, since top must wait.
    expect(runtime.titles.map(nameOf).sort()).toEqual(['base', 'x', 'y']);
    base.open();
    expect(statuses(await run)).toEqual(['base built', 'top built', 'x built', 'y built']);
  });

  it('are skipped when one that they need has failed, and so are those that need them', async () => {
    const { context, runtime, events } = fakeEngine(({ title }) =>
      nameOf(title) === 'base' ? bad : good,
    );
    const jobs = jobsOf({ base: [], middle: ['base'], top: ['middle'], other: [] });
    const results = await runJobs(jobs, going, context());
    expect(statuses(results)).toEqual([
      'base failed',
      'middle skipped',
      'top skipped',
      'other built',
    ]);
    const errors = results.map(({ error }) => error?.code);
    expect(errors.slice(0, 3)).toEqual([
      'BUILD_COMPILE_ERROR',
      'BUILD_DEPENDENCY_FAILED',
      'BUILD_DEPENDENCY_FAILED',
    ]);
    expect(results[1]?.error?.message).toContain(jobs[0]!.id);
    expect(runtime.titles.map(nameOf).sort()).toEqual(['base', 'other']);
    const started = events.filter(({ type }) => type === 'job-start');
    const ended = events.filter(({ type }) => type === 'job-end');
    expect([started.length, ended.length]).toEqual([2, 4]);
  });

  it('are skipped when all that they need themselves was skipped', async () => {
    const { context } = fakeEngine(({ title }) => (nameOf(title) === 'base' ? bad : good));
    const [base, middle, top] = jobsOf({ base: [], middle: ['base'], top: ['middle'] });
    const results = await runJobs(
      [base!, middle!, { ...top!, needs: [middle!.id] }],
      going,
      context(),
    );
    expect(statuses(results)).toEqual(['base failed', 'middle skipped', 'top skipped']);
  });

  it('are run all the same when the one that they need was in the cache', async () => {
    const { context, runtime } = fakeEngine(() => good);
    const jobs = jobsOf({ base: [], top: ['base'] });
    await runJobs(jobs.slice(0, 1), going, context(atOnce(1)));
    const results = await runJobs(jobs, going, context(atOnce(1)));
    expect(statuses(results)).toEqual(['base cached', 'top built']);
    expect(runtime.specs.at(-1)?.mounts.map(({ target }) => target)).toContain(
      `/symvers/${jobs[0]!.id}`,
    );
  });
});

describe('a job that fails', () => {
  it('leaves the others to be built', async () => {
    const { context } = fakeEngine(({ title }) => (nameOf(title) === 'a' ? bad : good));
    const results = await runJobs(several('a', 'b', 'c'), going, context(atOnce(1)));
    expect(statuses(results)).toEqual(['a failed', 'b built', 'c built']);
  });

  it('stops the run where that is asked: what runs is ended, the rest is skipped', async () => {
    const never = new Promise<never>(() => undefined);
    const { context, runtime, events } = fakeEngine(({ title }) => {
      if (nameOf(title) !== 'a') return { ...good, until: never };
      return runtime.begun(2).then(() => bad);
    });
    const jobs = several('a', 'b', 'c', 'd');
    const results = await runJobs(jobs, { failFast: true }, context());
    expect(statuses(results)).toEqual(['a failed', 'b skipped', 'c skipped', 'd skipped']);
    expect(runtime.running).toEqual([]);
    for (const { error } of results.slice(1)) expect(error?.message).toContain('--fail-fast');
    const ended = events.filter(({ type }) => type === 'job-end');
    expect(ended).toHaveLength(4);
  });

  it('is its own fault, though the run was stopped because of it', async () => {
    const { context } = fakeEngine(({ title }) =>
      nameOf(title) === 'a' ? bad : { ...bad, until: sleep(5000) },
    );
    const results = await runJobs(several('a', 'b'), { failFast: true }, context(atOnce(1)));
    expect(results.map(({ error }) => error?.code)).toEqual(['BUILD_COMPILE_ERROR', 'INTERRUPTED']);
  });

  it('for want of an engine is a result with the engine’s error, and leaves the others', async () => {
    const error = new KbuildError('ENGINE_FAILED', 'the engine failed', 'look at its log');
    const { context } = fakeEngine(({ title }) => (nameOf(title) === 'a' ? { error } : good));
    const results = await runJobs(several('a', 'b'), going, context(atOnce(1)));
    expect(statuses(results)).toEqual(['a failed', 'b built']);
    expect(results[0]?.error).toEqual({
      code: 'ENGINE_FAILED',
      message: 'the engine failed',
      hint: 'look at its log',
    });
  });

  it('for want of an image leaves those that have one', async () => {
    const jobs = several('a', 'b');
    const { context } = fakeEngine(() => good, {
      imageOf: (job) =>
        job.project === 'a'
          ? Promise.reject(new KbuildError('IMAGE_BUILD_FAILED', 'no image', 'look'))
          : Promise.resolve('id'),
    });
    const results = await runJobs(jobs, going, context());
    expect(statuses(results)).toEqual(['a failed', 'b built']);
    expect(results[0]?.error?.code).toBe('IMAGE_BUILD_FAILED');
  });

  it('because of a bug of ours says so, and leaves the others', async () => {
    const { context } = fakeEngine(({ title }) =>
      nameOf(title) === 'a' ? { error: new TypeError('x is not a function') } : good,
    );
    const results = await runJobs(several('a', 'b'), going, context(atOnce(1)));
    expect(statuses(results)).toEqual(['a failed', 'b built']);
    expect(results[0]?.error?.code).toBe('INTERNAL');
    expect(results[0]?.error?.message).toContain('x is not a function');
  });
});

describe('a run that is interrupted', () => {
  const never = new Promise<never>(() => undefined);

  it('throws when everything that ran has ended, and begins nothing more', async () => {
    const abort = new AbortController();
    const { context, runtime } = fakeEngine(() => ({ until: never }), { signal: abort.signal });
    const run = kbuildErrorOf(() => runJobs(several('a', 'b', 'c'), going, context()));
    await runtime.begun(2);
    expect(runtime.running).toHaveLength(2);
    abort.abort();
    expect((await run).code).toBe('INTERRUPTED');
    expect(runtime.running).toEqual([]);
    expect(runtime.specs).toHaveLength(2);
  });

  it('says so of each job that ran, and does not speak of --fail-fast', async () => {
    const abort = new AbortController();
    const { context, runtime, events } = fakeEngine(() => ({ until: never }));
    const run = kbuildErrorOf(() =>
      runJobs(several('a', 'b'), going, context({ signal: abort.signal })),
    );
    await runtime.begun(2);
    abort.abort();
    await run;
    const ends = events.filter((event) => event.type === 'job-end');
    expect(ends.map(({ status, error }) => [status, error?.message])).toEqual([
      ['skipped', 'interrupted'],
      ['skipped', 'interrupted'],
    ]);
  });

  it('begins nothing at all if that was before its begin', async () => {
    const { context, runtime, events } = fakeEngine(() => good, { signal: AbortSignal.abort() });
    const error = await kbuildErrorOf(() => runJobs(several('a'), going, context(atOnce(1))));
    expect(error.code).toBe('INTERRUPTED');
    expect([runtime.specs, events]).toEqual([[], []]);
  });

  it('keeps in the cache what had been built, for the next run', async () => {
    const abort = new AbortController();
    const { context, runtime } = fakeEngine(({ title }) =>
      nameOf(title) === 'a' ? good : { until: never },
    );
    const jobs = several('a', 'b');
    const run = kbuildErrorOf(() =>
      runJobs(jobs, going, context({ ...atOnce(1), signal: abort.signal })),
    );
    await runtime.begun(2);
    abort.abort();
    await run;
    const again = await runJobs(jobs.slice(0, 1), going, context(atOnce(1)));
    expect(statuses(again)).toEqual(['a cached']);
  });

  it('does not stop what another run does', async () => {
    const abort = new AbortController();
    const other = gate();
    const { context, runtime } = fakeEngine(() => ({ ...good, until: other.opened }));
    const [first, second] = several('a', 'b');
    const stopped = kbuildErrorOf(() =>
      runJobs([first!], going, context({ signal: abort.signal })),
    );
    const goesOn = runJobs([second!], going, context());
    await runtime.begun(2);
    abort.abort();
    await stopped;
    other.open();
    expect(statuses(await goesOn)).toEqual(['b built']);
  });
});

it('however many jobs wait for the end of a run, Node does not take it for a leak', async () => {
  const warnings: Error[] = [];
  const onWarning = (warning: Error) => warnings.push(warning);
  process.on('warning', onWarning);
  const all = gate();
  const { context, runtime } = fakeEngine(() => ({ ...good, until: all.opened }));
  const run = runJobs(
    several(...Array.from({ length: 12 }, (_, i) => `job${i}`)),
    going,
    context(atOnce(12)),
  );
  await runtime.begun(12);
  all.open();
  await run;
  await new Promise(setImmediate); // warnings are told a tick later
  process.off('warning', onWarning);
  expect(warnings).toEqual([]);
});

it('every event of a job carries the same label, which can be written as JSON', async () => {
  const { context, events } = fakeEngine(() => good);
  const [job] = several('a');
  await runJobs([job!], going, context());
  const labels = events.flatMap((event: Event) =>
    'job' in event ? [JSON.stringify(event.job)] : [],
  );
  expect(new Set(labels)).toEqual(
    new Set([
      JSON.stringify({
        id: job!.id,
        project: 'a',
        release: '6.1.0-56-amd64',
        arch: 'x86_64',
        toolchain: 'gcc-12',
      }),
    ]),
  );
});
