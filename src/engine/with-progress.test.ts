import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Event, JobLabel } from '../events/event.js';
import { Progress, type ProgressEvent, type ProgressJob } from './progress.js';
import { withProgress } from './with-progress.js';

const label = (id: string): JobLabel => ({
  ...{ id, project: 'p', release: '6.1', arch: 'arm64', toolchain: 'gcc-12' },
});

/** The events of a run of these jobs, each of which takes ten seconds. */
function followed(...ids: string[]) {
  const events: Event[] = [];
  const progress = new Progress<ProgressJob>({
    slots: 1,
    expect: () => ({ milliseconds: 10_000, from: 'job', known: true }),
    seemsCached: () => false,
  });
  progress.add(ids.map((id) => ({ ...label(id), needs: [], source: undefined as never })));
  const emit = withProgress((event) => events.push(event), progress);
  const told = () => events.filter((event): event is ProgressEvent => event.type === 'progress');
  return { emit, events, told };
}

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

describe('withProgress', () => {
  it('passes on all events, and tells of progress after each start and each end', () => {
    const { emit, events } = followed('a', 'b');
    const line: Event = { type: 'line', job: label('a'), line: 'CC a.o' };
    emit({ type: 'job-start', job: label('a') });
    emit({ type: 'step', job: label('a'), step: 'compile' });
    emit(line);
    emit({ type: 'job-end', job: label('a'), status: 'built', milliseconds: 10_000 });
    expect(events.map(({ type }) => type)).toEqual([
      ...['job-start', 'progress', 'step', 'line', 'job-end', 'progress'],
    ]);
    expect(events[1]).toMatchObject({ total: 2, done: 0, running: 1, remainingMs: 20_000 });
    expect(events[3]).toBe(line);
    expect(events.at(-1)).toMatchObject({ done: 1, built: 1, running: 0 });
  });

  it('tells what remains each second while a job runs, and no longer', () => {
    const { emit, told } = followed('a', 'b');
    emit({ type: 'job-start', job: label('a') });
    emit({ type: 'step', job: label('a'), step: 'compile' });
    vi.advanceTimersByTime(3000);
    expect(told().map(({ remainingMs }) => remainingMs)).toEqual([20_000, 19_000, 18_000, 17_000]);
    emit({ type: 'job-end', job: label('a'), status: 'failed', milliseconds: 3000 });
    vi.advanceTimersByTime(60_000);
    expect(told()).toHaveLength(5);
    expect(vi.getTimerCount()).toBe(0);
    emit({ type: 'job-start', job: label('b') });
    vi.advanceTimersByTime(1000);
    expect(told()).toHaveLength(7);
  });

  it('does not count down while a job waits', () => {
    const { emit, told } = followed('a', 'b');
    emit({ type: 'job-start', job: label('a') });
    emit({ type: 'step', job: label('a'), step: 'wait' });
    vi.advanceTimersByTime(60_000);
    expect(told().at(-1)).not.toHaveProperty('remainingMs');
    emit({ type: 'step', job: label('a'), step: 'compile' });
    vi.advanceTimersByTime(1000);
    expect(told().at(-1)).toMatchObject({ remainingMs: 19_000 });
  });
});
