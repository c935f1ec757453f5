import { setTimeout as sleep } from 'node:timers/promises';

/** Waits until something is so. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what: string,
  patience = 30_000, // milliseconds
): Promise<void> {
  for (const deadline = performance.now() + patience; performance.now() < deadline;) {
    if (await condition()) return;
    await sleep(50);
  }
  throw new Error(`waited in vain until ${what}`);
}
