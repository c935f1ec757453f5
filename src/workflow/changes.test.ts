import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { kbuildErrorOf } from '../../test/support/kbuild-error-of.js';
import { Changes } from './changes.js';

const never = new AbortController().signal;

/** What `settled` gave so far; nothing while it waits. */
function settling(changes: Changes, signal = never) {
  const seen: string[][] = [];
  void changes.settled(signal).then((paths) => seen.push(paths));
  return seen;
}

describe('Changes', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('are one change when they follow each other closely', async () => {
    const changes = new Changes();
    const seen = settling(changes);
    for (const path of ['b', 'a', 'b', 'c']) {
      changes.add(path);
      await vi.advanceTimersByTimeAsync(90);
    }
    expect(seen).toEqual([]);
    await vi.advanceTimersByTimeAsync(20);
    expect(seen).toEqual([['a', 'b', 'c']]);
  });

  it('of before count too, once', async () => {
    const changes = new Changes();
    changes.add('a');
    const first = settling(changes);
    await vi.advanceTimersByTimeAsync(100);
    expect(first).toEqual([['a']]);
    const second = settling(changes);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(second).toEqual([]);
    changes.add('b');
    await vi.advanceTimersByTimeAsync(100);
    expect(second).toEqual([['b']]);
  });

  it('of many files may pause', async () => {
    const changes = new Changes();
    const seen = settling(changes);
    for (let i = 0; i < 1000; i++) {
      changes.add(`file${i}`);
      if (i % 250 === 249) await vi.advanceTimersByTimeAsync(250);
    }
    expect(seen).toEqual([]);
    await vi.advanceTimersByTimeAsync(100);
    expect(seen.map((paths) => paths.length)).toEqual([1000]);
  });

  it('that never end are told of after two seconds', async () => {
    const changes = new Changes();
    const seen = settling(changes);
    for (let i = 0; i < 21; i++) {
      changes.add(String(i % 2));
      await vi.advanceTimersByTimeAsync(99);
    }
    expect(seen).toEqual([['0', '1']]);
  });

  it('are no longer waited for when it is over', async () => {
    const changes = new Changes();
    const over = new AbortController();
    const waiting = kbuildErrorOf(() => changes.settled(over.signal));
    changes.add('a');
    over.abort();
    expect((await waiting).code).toBe('INTERRUPTED');
    expect(vi.getTimerCount()).toBe(0);
    expect((await kbuildErrorOf(() => changes.settled(over.signal))).code).toBe('INTERRUPTED');
  });

  it('call back at once, and until it is enough', () => {
    const changes = new Changes();
    const heard = vi.fn<() => void>();
    const forget = changes.onChange(heard);
    expect(heard).toHaveBeenCalledTimes(0);
    changes.add('a');
    expect(heard).toHaveBeenCalledTimes(1);
    forget();
    changes.add('b');
    expect(heard).toHaveBeenCalledTimes(1);
    changes.onChange(heard);
    expect(heard).toHaveBeenCalledTimes(2);
  });
});
