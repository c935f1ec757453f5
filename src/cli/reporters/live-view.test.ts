import { describe, expect, it } from 'vitest';
import { plainStyle } from '../../../test/support/styles.js';
import type { Event, JobLabel, JobStatus } from '../../events/event.js';
import { LiveView } from './live-view.js';
import type { Progress } from './progress-text.js';
import { drawRow, type Row } from './row.js';

const signs = { tick: '+', cross: 'x', pointer: '>', spinner: '~' };
const error = {
  code: 'BUILD_COMPILE_ERROR',
  message: 'no such file\nand more',
  hint: 'h',
} as const;

const label = (i: number, project = `p${i}`): JobLabel => ({
  ...{ id: `j${i}`, project, release: '6.1', arch: 'arm64', toolchain: 'gcc-12' },
});
const labels = (count: number): JobLabel[] => Array.from({ length: count }, (_, i) => label(i));

const start = (i: number): Event => ({ type: 'job-start', job: label(i) });
const step = (i: number, name: 'wait' | 'compile'): Event => ({
  ...{ type: 'step', job: label(i), step: name },
});
const line = (i: number, text: string): Event => ({ type: 'line', job: label(i), line: text });
const end = (i: number, status: JobStatus): Event => ({
  ...{ type: 'job-end', job: label(i), status, milliseconds: 1234 },
  ...(status === 'failed' && { error }),
});
const progress = (changes: Partial<Progress> = {}): Progress => ({
  ...{ type: 'progress', total: 3, done: 1, running: 1 },
  ...{ built: 1, cached: 0, failed: 0, skipped: 0, more: false },
  ...changes,
});

/** A view on a terminal of so many rows, whose clock the test sets. */
function viewOf(rows = 24) {
  const view = new LiveView();
  const clock = { now: 1000 };
  const space = () => ({ rows, signs, now: clock.now });
  const text = (shown: Row[]) => shown.map((row) => drawRow(row, 100, plainStyle));
  return {
    clock,
    see: (...events: Event[]) => {
      for (const event of events) view.onEvent(event, clock.now);
    },
    frame: () => text(view.frame(space())),
    told: () => text(view.takeTold(space())),
    last: () => text(view.lastFrame(space())),
  };
}

describe('a view of jobs that fit on the terminal', () => {
  it('shows all of them, what they do and what became of them', () => {
    const { see, frame, told, clock } = viewOf();
    see({ type: 'plan', jobs: labels(5) }, start(0), step(0, 'compile'), start(1), start(2));
    see(line(0, '  CC [M]  a.o'), end(1, 'failed'), end(2, 'cached'), end(3, 'skipped'));
    see(progress({ total: 5, done: 3, failed: 1, cached: 1, skipped: 1, remainingMs: 80_000 }));
    clock.now += 3100;
    expect(frame()).toEqual([
      '~ p0  6.1  arm64  gcc-12: compiling 3 s',
      '  > CC [M]  a.o',
      'x p1  6.1  arm64  gcc-12: failed (1.23 s)',
      '  > no such file',
      '+ p2  6.1  arm64  gcc-12: cached (1.23 s)',
      '- p3  6.1  arm64  gcc-12: skipped (1.23 s)',
      '· p4  6.1  arm64  gcc-12',
      '3/5 done · 1 cached · 1 failed · 1 skipped · 1 running · about 1 min 20 s left',
    ]);
    expect(told()).toEqual([]);
  });

  it('lets time go on between two events', () => {
    const { see, frame, clock } = viewOf();
    see({ type: 'plan', jobs: labels(3) }, start(0), progress({ remainingMs: 30_000 }));
    expect(frame().at(-1)).toContain('about 30 s left');
    clock.now += 10_000;
    expect(frame().at(-1)).toContain('about 20 s left');
    clock.now += 60_000;
    expect(frame().at(-1)).toContain('a few seconds left');
  });

  it('does not count the time in which a job waits', () => {
    const { see, frame, clock } = viewOf();
    see({ type: 'plan', jobs: labels(1) }, start(0), step(0, 'wait'));
    clock.now += 60_000;
    expect(frame()).toEqual(['~ p0  6.1  arm64  gcc-12: waiting']);
    see(step(0, 'compile'));
    clock.now += 2000;
    expect(frame()).toEqual(['~ p0  6.1  arm64  gcc-12: compiling 2 s']);
  });

  it('keeps columns in line, also for jobs that become known later', () => {
    const { see, frame } = viewOf();
    see({ type: 'plan', jobs: [label(0, 'a')] }, { type: 'plan', jobs: [label(1, 'longer')] });
    expect(frame()).toEqual(['· a       6.1  arm64  gcc-12', '· longer  6.1  arm64  gcc-12']);
  });

  it('leaves out what jobs say where there is no room for it', () => {
    const { see, frame } = viewOf(8);
    see({ type: 'plan', jobs: labels(6) });
    for (const i of [0, 1, 2]) see(start(i), line(i, 'CC'));
    see(progress({ total: 6 }));
    expect(frame()).toHaveLength(7);
    expect(frame().filter((row) => row.startsWith('  >'))).toEqual([]);
  });

  it('leaves them on the terminal, without the last row, which says nothing more', () => {
    const { see, last } = viewOf();
    see({ type: 'plan', jobs: labels(2) }, start(0), end(0, 'built'), start(1), progress());
    expect(last()).toEqual([
      '+ p0  6.1  arm64  gcc-12: built (1.23 s)',
      'x p1  6.1  arm64  gcc-12: failed (0.00 s)',
      '  > interrupted',
    ]);
  });
});

describe('a view of more jobs than fit', () => {
  it('shows those that run, and tells once of those that failed', () => {
    const { see, frame, told } = viewOf(10);
    see(
      { type: 'plan', jobs: labels(1000) },
      start(0),
      end(0, 'built'),
      start(1),
      end(1, 'failed'),
    );
    see(start(2), step(2, 'compile'), line(2, 'CC'), start(3));
    see(progress({ total: 1000, done: 2, failed: 1, running: 2 }));
    expect(told()).toEqual(['x p1    6.1  arm64  gcc-12: failed (1.23 s)', '  > no such file']);
    expect(told()).toEqual([]);
    expect(frame()).toEqual([
      '~ p2    6.1  arm64  gcc-12: compiling',
      '  > CC',
      '~ p3    6.1  arm64  gcc-12',
      '2/1000 done · 1 failed · 2 running',
    ]);
  });

  it('says how many more run, if these are too many too', () => {
    const { see, frame } = viewOf(6);
    see({ type: 'plan', jobs: labels(50) });
    for (let i = 0; i < 20; i++) see(start(i), line(i, 'CC'));
    see(progress({ total: 50, running: 20 }));
    expect(frame()).toEqual([
      ...[0, 1, 2].map((i) => `~ p${i}   6.1  arm64  gcc-12`),
      '  … and 17 more',
      '1/50 done · 20 running',
    ]);
  });

  it('leaves the last row on the terminal', () => {
    const { see, last, told } = viewOf(10);
    see({ type: 'plan', jobs: labels(100) }, start(0), end(0, 'failed'), start(1));
    see(progress({ total: 100, failed: 1, remainingMs: 60_000 }));
    expect(last()).toEqual(['1/100 done · 1 failed']);
    expect(told()[0]).toContain('failed');
  });

  it('tells of what failed when it is jobs that come later that do not fit', () => {
    const { see, told } = viewOf(10);
    see({ type: 'plan', jobs: labels(2) }, start(0), end(0, 'failed'));
    expect(told()).toEqual([]);
    see({ type: 'plan', jobs: labels(20).slice(2) });
    expect(told()).toHaveLength(2);
  });

  it.each([1, 2, 3, 5])('is never as high as a terminal of %i rows, but one row', (rows) => {
    const { see, frame } = viewOf(rows);
    see(
      { type: 'prepare-start', id: 'x', title: 'x' },
      { type: 'prepare-line', id: 'x', line: 'y' },
    );
    see({ type: 'plan', jobs: labels(100) });
    for (let i = 0; i < 9; i++) see(start(i), line(i, 'CC'));
    see(progress());
    expect(frame().length).toBeLessThanOrEqual(Math.max(1, rows - 1));
    expect(frame().at(-1)).toContain('1/3 done');
  });
});

describe('what is prepared', () => {
  const id = 'image gcc-12';

  it('is shown above the jobs while it goes on, and told of when it is ready', () => {
    const { see, frame, told, clock } = viewOf();
    see({ type: 'plan', jobs: labels(1) }, start(0));
    see({ type: 'prepare-start', id, title: id }, { type: 'prepare-line', id, line: 'Step 1/3' });
    clock.now += 12_000;
    expect(frame().slice(0, 2)).toEqual(['~ image gcc-12 12 s', '  > Step 1/3']);
    see({ type: 'prepare-progress', id, fraction: 0.259, text: 'Retrieving x' });
    expect(frame().slice(0, 2)).toEqual(['~ image gcc-12: 25 % 12 s', '  > Retrieving x']);
    see({ type: 'prepare-end', id, milliseconds: 12_345 });
    expect(frame()).toHaveLength(1);
    expect(told()).toEqual(['+ image gcc-12 (12.3 s)']);
    expect(told()).toEqual([]);
  });

  it('is told of if it fails, and if it was interrupted', () => {
    const { see, last, told } = viewOf();
    see({ type: 'prepare-start', id, title: id });
    see({ type: 'prepare-end', id, milliseconds: 1000, error });
    expect(told()).toEqual(['x image gcc-12 (1.00 s)', '  > no such file']);
    see({ type: 'prepare-start', id, title: id });
    expect(last()).toEqual([]);
    expect(told()).toEqual(['x image gcc-12: interrupted']);
  });

  it('is nothing if it has never begun', () => {
    const { see, frame, told } = viewOf();
    see({ type: 'prepare-line', id, line: 'x' });
    see({ type: 'prepare-progress', id, fraction: 1, text: 'x' });
    see({ type: 'prepare-end', id, milliseconds: 1 });
    expect([...frame(), ...told()]).toEqual([]);
  });
});

it('a warning is told of with what to do', () => {
  const { see, told } = viewOf();
  see({ type: 'warning', message: 'Docker is old', hint: 'update it' });
  expect(told()).toEqual(['warning Docker is old', '        update it']);
});
