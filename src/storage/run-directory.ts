import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { claim, claimOf, ownerFile } from './claim.js';

/** A run's own scratch space, removed with the run. */
export interface RunDirectory {
  id: string;
  path: string;
  remove(): Promise<void>;
}

/** Makes the scratch directory of one run, and clears those of runs that were killed. */
export async function openRunDirectory(cache: string): Promise<RunDirectory> {
  const runs = join(cache, 'runs');
  const id = randomBytes(6).toString('hex');
  const path = join(runs, id);
  await mkdir(path, { recursive: true });
  try {
    await claim(path);
  } catch (error) {
    // Nobody could tell later whose it was.
    await rm(path, { recursive: true, force: true });
    throw error;
  }
  await reapRunDirectories(runs);
  return { id, path, remove: () => rm(path, { recursive: true, force: true }) };
}

/**
 * The processes that are running in a cache at the moment, but for the run of one scratch directory.
 * @returns their PIDs
 */
export async function otherRuns(cache: string, own: string): Promise<number[]> {
  const runs = join(cache, 'runs');
  const pids: number[] = [];
  for (const id of await readdir(runs)) {
    const path = join(runs, id);
    if (path === own) continue;
    const claimed = await claimOf(path);
    if (claimed?.over === false) pids.push(claimed.owner.pid);
  }
  return pids;
}

/** When the processes began that are running in a cache, by the clock of its file system. Milliseconds. */
export async function runStarts(cache: string): Promise<number[]> {
  const runs = join(cache, 'runs');
  const starts: number[] = [];
  for (const id of await readdir(runs).catch(() => [])) {
    const path = join(runs, id);
    if ((await claimOf(path))?.over !== false) continue;
    const begun = await stat(join(path, ownerFile)).catch(() => undefined); // it may just have ended
    if (begun !== undefined) starts.push(begun.mtimeMs);
  }
  return starts;
}

async function reapRunDirectories(runs: string): Promise<void> {
  for (const id of await readdir(runs)) {
    const path = join(runs, id);
    const claimed = await claimOf(path);
    // What a container of its still writes to is left to the next run.
    if (claimed?.over === true) await removeRun(path).catch(() => undefined);
  }
}

/** The owner's name goes last: without it nobody would know that its run is over. */
async function removeRun(path: string): Promise<void> {
  for (const name of await readdir(path)) {
    if (name !== ownerFile) await rm(join(path, name), { recursive: true, force: true });
  }
  await rm(path, { recursive: true, force: true });
}
