import { statSync, utimesSync } from 'node:fs';

/** How exactly it is known when a kernel was last used. Milliseconds. */
export const markGrain = 24 * 60 * 60 * 1000;

/** How exactly it is known when an entry of a cache was last used. Milliseconds. */
export const entryGrain = 60 * 60 * 1000;

/** Notes that something in the cache is used, by its modification time, for what removes the unused. */
export function markUsed(path: string, grain = markGrain): void {
  const marked = statSync(path, { throwIfNoEntry: false })?.mtimeMs;
  const now = new Date();
  if (marked === undefined || !isStale(marked, grain, now.getTime())) return;
  try {
    utimesSync(path, now, now);
  } catch {
    // A cache that is only readable serves as well.
  }
}

/**
 * Whether a mark must be set anew. One in the future is no better than an old one: the clock was wrong
 * then or is now, and what bears it would stay for ever.
 */
export const isStale = (marked: number, grain: number, now = Date.now()): boolean =>
  Math.abs(now - marked) >= grain;

/** File systems round, and the clocks of machines that share one differ a little. Milliseconds. */
export const clockSlack = 60_000;

/**
 * When something was used, by its mark. One in the future says nothing, and what bears it goes first:
 * it would stay for ever if it were taken for the newest.
 */
export const plausibleUse = (marked: number, now = Date.now()): number =>
  marked > now + clockSlack ? 0 : marked;
