import { setImmediate } from 'node:timers/promises';

/** So long nobody notices that nothing else has its turn. Milliseconds. */
const longest = 25;
let last = performance.now();

/**
 * Lets signals, timers and the reporter have their turn, if it is a while since they had it. For work
 * that reads many small files one after the other: to wait for each of them would take far longer.
 */
export async function breathe(): Promise<void> {
  if (performance.now() - last < longest) return;
  await setImmediate();
  last = performance.now();
}
