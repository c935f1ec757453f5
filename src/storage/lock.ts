import { randomBytes } from 'node:crypto';
import { lutimes, lstat, readlink, symlink, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { interrupted, KbuildError, throwIfInterrupted } from '../errors/kbuild-error.js';
import { ensureDirectory } from './ensure-directory.js';
import { currentOwner, formatOwner, hostIdentity, isGone, parseOwner } from './owner.js';

/** Milliseconds. */
const poll = 50;
/** How often a holder shows that it lives, to those who cannot see its process. Milliseconds. */
const beat = 5000;
/** How long an owner of elsewhere is waited for without a sign of life. Milliseconds. */
const patience = 60_000;

/**
 * Does work that no other process, and nobody else in this one, may do at the same time.
 *
 * The lock is a symbolic link that leads nowhere: its target names the owner. It is made in one step
 * with its content, so that nobody sees half a lock, whenever its maker dies, and needs no block of
 * a full disk. A lock whose owner is gone is broken; so is one of another host, or of another
 * container, that has shown no life for a minute; and so is anything else that lies in its place.
 * @param path of the lock; the directories on the way are made, the lock goes when the work ends
 * @throws KbuildError INTERRUPTED if the signal aborts while it waits, STORAGE_FAILED
 */
export async function withLock<T>(
  path: string,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  // Tells this holding from every other, also from those of this process.
  const content = `${randomBytes(6).toString('hex')} ${formatOwner(currentOwner())}`;
  await acquire(path, content, signal);
  const beats = setInterval(() => {
    const now = new Date();
    lutimes(path, now, now).catch(() => undefined);
  }, beat);
  beats.unref();
  try {
    return await work();
  } finally {
    clearInterval(beats);
    // Whoever took us for dead has broken the lock, and it may be another's now.
    if ((await contentOf(path).catch(() => undefined)) === content) await remove(path);
  }
}

async function acquire(path: string, content: string, signal: AbortSignal): Promise<void> {
  let seen: { state: string; since: number } | undefined;
  for (;;) {
    throwIfInterrupted(signal);
    if (await make(path, content)) return;
    const state = await stateOf(path);
    if (state !== seen?.state) seen = { state, since: performance.now() };
    const holder = await contentOf(path);
    if (holder === undefined) continue;
    if (isAbandoned(holder, performance.now() - seen.since)) await breakLock(path, holder, signal);
    else await wait(signal);
  }
}

async function make(path: string, content: string): Promise<boolean> {
  try {
    ensureDirectory(dirname(path));
    await symlink(content, path);
    return true;
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    // ENOENT: somebody has removed the directory again.
    if (code === 'EEXIST' || code === 'ENOENT') return false;
    throw failed(path, cause);
  }
}

/** What a lock says; empty for what is no lock of ours, undefined if there is nothing any more. */
async function contentOf(path: string): Promise<string | undefined> {
  try {
    return await readlink(path);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    if (code === 'EINVAL') return '';
    throw failed(path, cause);
  }
}

/** What changes whenever somebody makes a lock or its holder shows that it lives. */
async function stateOf(path: string): Promise<string> {
  const { ino, mtimeMs } = (await lstat(path).catch(() => undefined)) ?? {};
  return `${ino} ${mtimeMs}`;
}

/** Whether nobody holds a lock of this content that has not changed for so many milliseconds. */
function isAbandoned(content: string, unchanged: number): boolean {
  const owner = parseOwner(content.slice(content.indexOf(' ') + 1));
  if (owner === undefined) return true;
  return isGone(owner) || (owner.host !== hostIdentity() && unchanged > patience);
}

/**
 * Removes an abandoned lock, under a lock of its own: of several who find it abandoned, the second
 * sees that it is there no more, and does not take the new one of the first for it.
 */
async function breakLock(path: string, content: string, signal: AbortSignal): Promise<void> {
  await withLock(`${path}.break`, signal, async () => {
    if ((await contentOf(path)) === content) await remove(path);
  });
}

async function remove(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw failed(path, cause);
  }
}

async function wait(signal: AbortSignal): Promise<void> {
  try {
    await sleep(poll, undefined, { signal });
  } catch {
    throw interrupted();
  }
}

function failed(path: string, cause: unknown): KbuildError {
  return new KbuildError(
    'STORAGE_FAILED',
    `the lock ${path} cannot be used: ${(cause as Error).message}`,
    'Free some disk, mend its permissions, or name another cache directory in KBUILD_TS_CACHE_DIR.',
    { cause },
  );
}
