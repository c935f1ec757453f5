import { existsSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../../test/support/temporary-directory.js';
import { isStale, markUsed, plausibleUse } from './mark-used.js';

const hour = 3_600_000; // milliseconds

/** A file that was last used some hours ago. */
function usedBefore(hours: number): { path: string; time: number } {
  const path = join(temporaryDirectory({ file: 'content' }), 'file');
  const time = new Date(Date.now() - hours * hour);
  utimesSync(path, time, time);
  return { path, time: statSync(path).mtimeMs };
}

/** Does something without the powers of root. */
function asNobody(work: () => void): void {
  const isRoot = process.geteuid?.() === 0;
  if (isRoot) process.seteuid?.(65534);
  try {
    work();
  } finally {
    if (isRoot) process.seteuid?.(0);
  }
}

describe('markUsed', () => {
  it('sets the time of what was last used more than a day ago', () => {
    const { path } = usedBefore(25);
    markUsed(path);
    expect(Math.abs(Date.now() - statSync(path).mtimeMs)).toBeLessThan(60_000);
  });

  it('writes nothing for what was used today', () => {
    const { path, time } = usedBefore(23);
    markUsed(path);
    expect(statSync(path).mtimeMs).toBe(time);
  });

  it('knows it more exactly if that is wanted', () => {
    const { path } = usedBefore(2);
    markUsed(path, hour);
    expect(Math.abs(Date.now() - statSync(path).mtimeMs)).toBeLessThan(60_000);
  });

  it('mends a mark of the future, which would last as long as that is away', () => {
    const { path } = usedBefore(-1000);
    markUsed(path);
    expect(Math.abs(Date.now() - statSync(path).mtimeMs)).toBeLessThan(60_000);
  });

  it('makes nothing where nothing is', () => {
    const path = join(temporaryDirectory(), 'gone');
    markUsed(path);
    expect(existsSync(path)).toBe(false);
  });

  it('lets what may only be read be', () => {
    const path = '/usr/bin/env'; // root's, and old
    const { mtimeMs } = statSync(path);
    expect(Date.now() - mtimeMs).toBeGreaterThan(24 * hour);
    asNobody(() => {
      markUsed(path);
    });
    expect(statSync(path).mtimeMs).toBe(mtimeMs);
  });
});

describe('plausibleUse', () => {
  it('takes a mark of the future for none, but for clocks that differ a little', () => {
    const now = 1e12;
    expect(plausibleUse(now - 5, now)).toBe(now - 5);
    expect(plausibleUse(now + 1000, now)).toBe(now + 1000);
    expect(plausibleUse(now + hour, now)).toBe(0);
  });

  it('goes with what isStale says of it', () => {
    const now = 1e12;
    expect([now, now - hour + 1, now + hour - 1].map((mark) => isStale(mark, hour, now))).toEqual([
      false,
      false,
      false,
    ]);
    expect([now - hour, now + hour].map((mark) => isStale(mark, hour, now))).toEqual([true, true]);
  });
});
