import { describe, expect, it } from 'vitest';
import { progressParts, remainingText, roughly, type Progress } from './progress-text.js';

const progress = (changes: Partial<Progress> = {}): Progress => ({
  ...{ type: 'progress', total: 48, done: 12, running: 2 },
  ...{ built: 3, cached: 8, failed: 1, skipped: 0, remainingMs: 80_000, more: false },
  ...changes,
});

const text = (changes: Partial<Progress> = {}): string =>
  progressParts(progress(changes))
    .map((part) => part.text)
    .join(' · ');

describe('progressParts', () => {
  it('say what was done and what remains', () => {
    expect(text()).toBe('12/48 done · 8 cached · 1 failed · 2 running · about 1 min 20 s left');
  });

  it('leave out what is none', () => {
    expect(text({ cached: 0, failed: 0, running: 0, done: 48 })).toBe('48/48 done');
    expect(text({ failed: 0, skipped: 5 })).toContain('8 cached · 5 skipped · 2 running');
  });

  it('say that not all jobs are known yet', () => {
    expect(text({ more: true })).toContain('12/48+ done');
    expect(text({ more: true })).toContain('at least 1 min 20 s left');
  });
});

describe('remainingText', () => {
  it.each([
    [{ remainingMs: undefined }, undefined],
    [{ done: 48 }, undefined],
    [{ remainingMs: 3000 }, 'a few seconds left'],
    [{ remainingMs: 0 }, 'a few seconds left'],
    [{ remainingMs: 3000, more: true }, undefined],
    [{ remainingMs: 44_000 }, 'about 45 s left'],
  ])('of %j is %s', (changes, expected) => {
    const { remainingMs, ...given } = progress(changes as Partial<Progress>);
    expect(remainingText(remainingMs === undefined ? given : { ...given, remainingMs })).toBe(
      expected,
    );
  });
});

describe('roughly', () => {
  it.each([
    [7.4, undefined],
    [7.5, '10 s'],
    [12, '10 s'],
    [57, '55 s'],
    [57.5, '1 min'],
    [64, '1 min'],
    [75, '1 min 20 s'],
    [594, '9 min 50 s'],
    [595, '10 min'],
    [3569, '59 min'],
    [3570, '1 h'],
    [7800, '2 h 10 min'],
    [86_400, '24 h'],
  ])('of %d seconds is %s', (seconds, expected) => {
    expect(roughly(seconds * 1000)).toBe(expected);
  });
});
