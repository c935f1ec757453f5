import { describe, expect, it } from 'vitest';
import { KbuildError } from '../errors/kbuild-error.js';
import type { Event } from './event.js';
import { prepare, prepareWithProgress } from './prepare.js';

const title = 'kernel headers 6.1';
const measured = expect.any(Number) as number;

function collect() {
  const events: Event[] = [];
  return { events, emit: (event: Event) => events.push(event) };
}

describe('prepare', () => {
  it('gives what the work gives, and tells its lines between its start and its end', async () => {
    const { events, emit } = collect();
    const value = await prepare(emit, title, (onLine) => {
      onLine('one');
      return Promise.resolve('done');
    });
    expect(value).toBe('done');
    expect(events).toEqual([
      { type: 'prepare-start', id: title, title },
      { type: 'prepare-line', id: title, line: 'one' },
      { type: 'prepare-end', id: title, milliseconds: measured },
    ]);
  });

  it('tells why the work failed, and fails with the same', async () => {
    const { events, emit } = collect();
    const error = new KbuildError('FETCH_FAILED', 'no network', 'Check it.');
    await expect(prepare(emit, title, () => Promise.reject(error))).rejects.toBe(error);
    expect(events.at(-1)).toEqual({
      ...{ type: 'prepare-end', id: title, milliseconds: measured },
      error: error.toReport(),
    });
  });

  it('tells of a bug as of one, and lets it through as it is', async () => {
    const { events, emit } = collect();
    const bug = new TypeError('x is not a function');
    await expect(prepare(emit, title, () => Promise.reject(bug))).rejects.toBe(bug);
    expect(events.at(-1)).toMatchObject({ error: { code: 'INTERNAL' } });
  });
});

describe('prepareWithProgress', () => {
  it('tells how much is done, and lines, in their order', async () => {
    const { events, emit } = collect();
    await prepareWithProgress(emit, title, (onProgress) => {
      onProgress({ fraction: 0.25, text: 'first of four' });
      onProgress({ line: 'a line' });
      onProgress({ fraction: 1, text: '' });
      return Promise.resolve();
    });
    expect(events.slice(1, -1)).toEqual([
      { type: 'prepare-progress', id: title, fraction: 0.25, text: 'first of four' },
      { type: 'prepare-line', id: title, line: 'a line' },
      { type: 'prepare-progress', id: title, fraction: 1, text: '' },
    ]);
  });
});
