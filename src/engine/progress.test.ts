import { describe, expect, it } from 'vitest';
import { Random } from '../../test/support/fuzz/random.js';
import type { JobStatus } from '../events/event.js';
import { Progress, type ProgressJob, type ProgressOptions } from './progress.js';

/** Numbers from 0 to 1, the same each time. */
function fractions(seed: number): () => number {
  const random = new Random(seed);
  return () => random.below(1e6) / 1e6;
}

/** A job of a made-up run: what is expected of it, and what becomes of it. */
interface Scripted extends ProgressJob {
  expected: number;
  known: boolean;
  actual: number;
  status: JobStatus;
}

function scripted(id: string, changes: Partial<Scripted> = {}): Scripted {
  const { expected = 1000, actual = expected } = changes;
  return {
    ...{ id, project: 'p', release: '6.1', arch: 'arm64', toolchain: 'gcc-12', needs: [] },
    source: undefined as never, // only what expects something looks at it
    ...{ expected, actual, known: true, status: 'built' },
    ...changes,
  };
}

const several = (count: number, changes: Partial<Scripted> = {}): Scripted[] =>
  Array.from({ length: count }, (_, i) => scripted(`j${i}`, changes));

/** A progress whose clock the test sets. */
function progressOf(jobs: Scripted[], options: Partial<ProgressOptions<Scripted>> = {}) {
  const clock = { now: 5_000 };
  const progress = new Progress<Scripted>({
    slots: 2,
    expect: ({ expected, known }) => ({
      ...{ milliseconds: expected, from: known ? 'job' : 'guess', known },
    }),
    now: () => clock.now,
    ...options,
  });
  progress.add(jobs);
  return { progress, clock };
}

/** What was told at a moment, and what the truth was. */
interface Told {
  remaining: number | undefined;
  truth: number;
  /** How many jobs had ended. */
  ended: number;
}

/**
 * Plays a run: the longest job that needs nothing more begins when a slot is free. Tells what was
 * estimated after each event, and half a second after it.
 */
function played(jobs: Scripted[], slots: number, options: Partial<ProgressOptions<Scripted>> = {}) {
  const { progress, clock } = progressOf(jobs, { slots, ...options });
  const begin = clock.now;
  const told: Told[] = [];
  const tell = () => {
    told.push({
      remaining: progress.remainingMs(),
      truth: clock.now, // the end is known only then
      ended: progress.event().done,
    });
  };
  let pending = jobs.toSorted((a, b) => b.expected - a.expected);
  let running: { job: Scripted; end: number }[] = [];
  const ended = new Set<string>();
  while (pending.length > 0 || running.length > 0) {
    const ready = pending.filter(({ needs }) => needs.every((need) => ended.has(need)));
    for (const job of ready.slice(0, slots - running.length)) {
      pending = pending.filter((other) => other !== job);
      progress.start(job.id);
      const cached = job.status === 'cached';
      if (!cached) progress.build(job.id);
      running.push({ job, end: clock.now + (cached ? 1 : job.actual) });
    }
    tell();
    const first = running.reduce((a, b) => (b.end < a.end ? b : a));
    if (first.end > clock.now + 500) {
      clock.now += 500;
      tell();
    }
    clock.now = Math.max(clock.now, first.end);
    running = running.filter((other) => other !== first);
    ended.add(first.job.id);
    progress.end(first.job.id, first.job.status, first.job.actual);
  }
  tell();
  for (const moment of told) moment.truth = clock.now - moment.truth;
  return { told, wall: clock.now - begin, last: progress.event() };
}

/** Random jobs: what one takes, whether it is alike for a project, and what it needs. */
function randomJobs(random: () => number, count: number, actual: (expected: number) => number) {
  return Array.from({ length: count }, (_, i) => {
    const expected = 200 + Math.floor(random() ** 3 * 20_000);
    return scripted(`j${i}`, {
      ...{ project: `p${i % 7}`, expected, actual: actual(expected) },
      needs: i > 0 && random() < 0.2 ? [`j${Math.floor(random() * i)}`] : [],
    });
  });
}

describe('the remaining time', () => {
  it('is right, where jobs take what they took before', () => {
    const random = fractions(7);
    for (let round = 0; round < 60; round++) {
      const jobs = randomJobs(random, 1 + Math.floor(random() * 40), (expected) => expected);
      const slots = 1 + Math.floor(random() * 4);
      const { told } = played(jobs, slots, { seemsCached: () => false });
      const longest = Math.max(...jobs.map(({ expected }) => expected));
      for (const { remaining, truth } of told) {
        // What has nearly ended is given some more time: nobody knows how exact a memory is.
        expect(Math.abs(remaining! - truth)).toBeLessThanOrEqual(longest / 8 + 1);
      }
    }
  });

  it.each([1 / 3, 3])('is corrected where the machine is %f times as slow as it was', (slow) => {
    const random = fractions(11);
    for (let round = 0; round < 20; round++) {
      const jobs = randomJobs(random, 60, (expected) => expected * slow).map((job) => ({
        ...job,
        needs: [],
      }));
      const { told, wall } = played(jobs, 2, { seemsCached: () => false });
      const late = told.filter(({ ended, truth }) => ended >= 15 && truth > wall / 20);
      expect(late.length).toBeGreaterThan(10);
      for (const { remaining, truth } of late) {
        expect(remaining! / truth).toBeGreaterThan(0.6);
        expect(remaining! / truth).toBeLessThan(1.6);
      }
    }
  });

  it('is mostly within a factor of two where each job takes half or twice as long as before', () => {
    const random = fractions(13);
    const moments = Array.from({ length: 30 }, () => {
      const jobs = randomJobs(random, 48, (expected) => expected * 2 ** (random() * 2 - 1));
      return played(jobs, 2, { seemsCached: () => false });
    }).flatMap(({ told, wall }) => told.filter(({ truth }) => truth > wall / 10));
    // Else it is one last long job that takes twice as long as it should: nobody could know.
    const good = moments.filter(
      ({ remaining, truth }) => remaining! > truth / 2 && remaining! < truth * 2,
    );
    expect(moments.length).toBeGreaterThan(1000);
    expect(good.length / moments.length).toBeGreaterThan(0.97);
  });

  it('tells projects apart: that one changed says little of the others', () => {
    const of = (project: string, actual: number) =>
      Array.from({ length: 20 }, (_, i) => scripted(`${project}${i}`, { project, actual }));
    const { told, wall } = played([...of('changed', 5000), ...of('same', 1000)], 1, {
      seemsCached: () => false,
    });
    // Once two of the one have ended, and before any of the other has.
    const [moment] = told.filter(({ ended }) => ended === 3);
    expect(moment!.truth).toBe(wall - 3 * 5000);
    expect(moment!.remaining! / moment!.truth).toBeGreaterThan(0.7);
    expect(moment!.remaining! / moment!.truth).toBeLessThan(1.6);
  });

  it('counts what the cache seems to have for nothing', () => {
    const cached = several(40, { status: 'cached' });
    const built = Array.from({ length: 4 }, (_, i) => scripted(`b${i}`));
    const { told } = played([...cached, ...built], 2, {
      seemsCached: ({ status }) => status === 'cached',
    });
    for (const { remaining, truth } of told) expect(remaining).toBeCloseTo(truth, -3);
  });

  it('counts what the cache seemed to have, and was built all the same', () => {
    const { progress } = progressOf(several(1), { seemsCached: () => true });
    progress.start('j0');
    expect(progress.remainingMs()).toBe(0);
    progress.build('j0');
    progress.add([]); // what was estimated a moment ago counts no more
    expect(progress.remainingMs()).toBe(1000);
  });

  it('goes by how many were cached, where nobody can look', () => {
    const { progress, clock } = progressOf(several(100));
    progress.start('j0');
    expect(progress.remainingMs()).toBeUndefined(); // nothing is known of any
    for (let i = 0; i < 9; i++) progress.end(`j${i}`, 'cached', 1);
    clock.now += 1000;
    expect(progress.remainingMs()! / ((91 * 1000) / 2)).toBeCloseTo(1 / 10, 1);
    for (let i = 9; i < 20; i++) progress.build(`j${i}`);
    clock.now += 1000;
    expect(progress.remainingMs()).toBeGreaterThan(20_000);
  });

  it('grows when a job takes longer than it should, and never ends before the job', () => {
    const { progress, clock } = progressOf(several(10), { slots: 1, seemsCached: () => false });
    progress.build('j0');
    expect(progress.remainingMs()).toBe(10_000);
    clock.now += 3000;
    const late = progress.remainingMs()!;
    expect(late).toBeGreaterThan(10_000); // the others may take as long
    for (let i = 1; i < 10; i++) progress.end(`j${i}`, 'skipped', 0);
    for (let i = 0; i < 50; i++) {
      clock.now += 1000;
      expect(progress.remainingMs()).toBeGreaterThan(0);
    }
  });

  it('goes down between two estimates', () => {
    const { progress, clock } = progressOf(several(2), { seemsCached: () => false });
    progress.build('j0');
    const before = progress.remainingMs()!;
    clock.now += 100;
    expect(progress.remainingMs()).toBe(before - 100);
  });

  it('does not count time in which a job waits', () => {
    const { progress, clock } = progressOf(several(2), { slots: 1, seemsCached: () => false });
    progress.start('j0');
    progress.wait('j0');
    expect(progress.remainingMs()).toBeUndefined(); // for how long?
    clock.now += 60_000;
    progress.build('j0');
    clock.now += 250;
    expect(progress.remainingMs()).toBe(1750);
  });

  it('is not told where nothing was ever built, until a build has ended', () => {
    const { progress, clock } = progressOf(several(10, { known: false, expected: 700 }), {
      ...{ slots: 1, seemsCached: () => false },
    });
    progress.build('j0');
    expect(progress.remainingMs()).toBeUndefined();
    progress.end('j0', 'failed', 5); // says nothing of how long a build takes
    clock.now += 1000;
    expect(progress.remainingMs()).toBeUndefined();
    progress.end('j1', 'built', 1400);
    clock.now += 1000;
    expect(progress.remainingMs()).toBe(8 * 1400);
  });

  it('is told where little of it is a guess', () => {
    const jobs = [...several(9), scripted('new', { known: false })];
    const { progress } = progressOf(jobs, { slots: 1, seemsCached: () => false });
    progress.build('j0');
    expect(progress.remainingMs()).toBe(10_000);
  });

  it('is nothing when all has ended, and unknown if more is to come', () => {
    const { progress } = progressOf([]);
    expect(progress.remainingMs()).toBe(0);
    progress.more = true;
    expect(progress.remainingMs()).toBeUndefined();
  });
});

describe('the counts', () => {
  it('say how all jobs ended', () => {
    const jobs = (['built', 'cached', 'failed', 'skipped', 'built'] as const).map((status, i) =>
      scripted(`${status}${i}`, { status }),
    );
    expect(played(jobs, 2).last).toEqual({
      ...{ type: 'progress', total: 5, done: 5, running: 0 },
      ...{ built: 2, cached: 1, failed: 1, skipped: 1, remainingMs: 0, more: false },
    });
  });

  it('know of jobs that are skipped without a start, of further jobs, and of no others', () => {
    const { progress } = progressOf(several(2));
    progress.more = true;
    progress.start('j0');
    progress.end('j1', 'skipped', 0);
    progress.end('j1', 'skipped', 0);
    progress.end('other', 'built', 1);
    progress.start('other');
    expect(progress.event()).toMatchObject({ total: 2, done: 1, running: 1, more: true });
    progress.add(several(3).map((job) => ({ ...job, id: `more-${job.id}` })));
    progress.more = false;
    expect(progress.event()).toMatchObject({ total: 5, done: 1, running: 1, more: false });
  });

  it('of 10,000 jobs cost next to nothing', () => {
    const jobs = several(10_000);
    const { progress } = progressOf(jobs, {
      seemsCached: () => false,
      now: () => performance.now(),
    });
    const before = process.cpuUsage();
    for (const { id } of jobs) {
      progress.start(id);
      progress.event();
      progress.build(id);
      progress.end(id, 'built', 1000);
      progress.event();
    }
    const { user, system } = process.cpuUsage(before);
    expect(progress.event()).toMatchObject({ done: 10_000, built: 10_000 });
    expect((user + system) / 1000).toBeLessThan(1000); // 0.1 ms for each job; about 0.01 on a quiet machine
  });
});
