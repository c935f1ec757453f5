import { statSync, utimesSync } from 'node:fs';

/** How exactly it is known when something was last used. Milliseconds. */
const grain = 24 * 60 * 60 * 1000;

/** Notes that something in the cache is used, by its modification time, for `kernel prune`. */
export function markUsed(path: string): void {
  const now = new Date();
  if (now.getTime() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0) < grain) return;
  try {
    utimesSync(path, now, now);
  } catch {
    // A cache that is only readable serves as well.
  }
}
