import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  currentOwner,
  formatOwner,
  hostIdentity,
  isGone,
  parseOwner,
  type Owner,
} from './owner.js';

/** The file that says who makes a directory, or works in it. */
export const ownerFile = 'owner';

/** Far longer than any run: of a process that cannot be seen from here only its age tells. Milliseconds. */
const longestRun = 48 * 60 * 60 * 1000;

/** Notes in a directory whose it is. */
export const claim = (directory: string): Promise<void> =>
  writeFile(join(directory, ownerFile), formatOwner(currentOwner()));

/** Takes the note out of a directory that is finished. */
export const release = (directory: string): Promise<void> => rm(join(directory, ownerFile));

/** Whose a directory is, and whether that process is over; undefined if it does not say. */
export async function claimOf(
  directory: string,
): Promise<{ owner: Owner; over: boolean } | undefined> {
  const file = join(directory, ownerFile);
  try {
    const owner = parseOwner(await readFile(file, 'utf8'));
    if (owner === undefined) return undefined;
    const isForeign = owner.host !== hostIdentity();
    const isAncient = isForeign && Date.now() - (await stat(file)).mtimeMs > longestRun;
    return { owner, over: isGone(owner) || isAncient };
  } catch {
    return undefined;
  }
}
