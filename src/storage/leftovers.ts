import { lstatSync, readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { claimOf } from './claim.js';

/**
 * Removes what killed runs left unfinished in a directory of finished ones. What cannot be removed
 * yet, since a container still writes in it, is left to the next run.
 */
export async function reapLeftovers(parent: string): Promise<void> {
  for (const path of temporaries(parent)) {
    const claimed = await claimOf(path);
    if (!(claimed?.over ?? isOld(path))) continue;
    await rm(path, { recursive: true, force: true }).catch(() => undefined);
  }
}

/** Its maker was killed before it could note itself, or is just about to. */
const isOld = (path: string): boolean =>
  Date.now() - (lstatSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Infinity) > 3_600_000;

function temporaries(parent: string): string[] {
  try {
    return readdirSync(parent)
      .filter((name) => name.startsWith('.'))
      .map((name) => join(parent, name));
  } catch {
    return []; // nothing was ever kept there
  }
}
