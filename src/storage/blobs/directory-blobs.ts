import { constants } from 'node:fs';
import { mkdir, open, rename, rm, stat, writeFile, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { temporaryName } from '../atomic.js';
import { entryGrain, isStale } from '../mark-used.js';
import { asBlobError, BlobError, type BlobName, type BlobStore } from './blob-store.js';
import { usualPatience, withPatience, type Patience, type Wait } from './patience.js';

/** What is read at once, and what is said of the progress. Bytes. */
const piece = 2 ** 20;

/**
 * Blobs in a directory, `ac/<hash>` and `cas/<hash>`, which several machines may use at once, over NFS
 * too: each file appears whole by a rename, and nobody locks anything. Over HTTP the same directory
 * gives the same blobs.
 */
export class DirectoryBlobs implements BlobStore {
  constructor(
    readonly address: string,
    readonly patience: Patience = usualPatience,
  ) {}

  get(name: BlobName, limit: number, signal: AbortSignal): Promise<Buffer | undefined> {
    return this.#do(`reading ${name}`, 0, signal, async (wait) => {
      // A pipe that somebody has put there would be waited for.
      const file = await orNothing(
        open(join(this.address, name), constants.O_RDONLY | constants.O_NONBLOCK),
      );
      if (file === undefined) return undefined;
      try {
        return await readWhole(file, name, limit, wait);
      } finally {
        await file.close();
      }
    });
  }

  has(name: BlobName, signal: AbortSignal): Promise<boolean> {
    return this.#do(`looking for ${name}`, 0, signal, async () => {
      return (await orNothing(stat(join(this.address, name))))?.isFile() ?? false;
    });
  }

  put(name: BlobName, bytes: Buffer, signal: AbortSignal): Promise<void> {
    return this.#do(`writing ${name}`, bytes.length, signal, async (wait) => {
      const path = join(this.address, name);
      const temporary = temporaryName(path);
      await mkdir(dirname(path)).catch((error: unknown) => {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      });
      try {
        // wx: on another machine the same name may have come up.
        await writeFile(temporary, bytes, { flag: 'wx', signal: wait.signal });
        await rename(temporary, path);
      } catch (error) {
        await rm(temporary, { force: true }).catch(() => undefined); // that it failed counts for more
        throw error;
      }
    });
  }

  async #do<T>(
    doing: string,
    sent: number,
    signal: AbortSignal,
    work: (wait: Wait) => Promise<T>,
  ): Promise<T> {
    try {
      return await withPatience(doing, sent, this.patience, signal, work);
    } catch (error) {
      throw asBlobError(error, doing);
    }
  }
}

/** What is not there is no failure; a directory that is not there any more is one. */
async function orNothing<T>(found: Promise<T>): Promise<T | undefined> {
  try {
    return await found;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

async function readWhole(
  file: FileHandle,
  name: BlobName,
  limit: number,
  wait: Wait,
): Promise<Buffer> {
  const found = await file.stat();
  if (!found.isFile()) throw new BlobError('strange', `${name} is no file`);
  if (found.size > limit) {
    throw new BlobError('strange', `${name} has ${found.size} bytes, and may have ${limit}`);
  }
  const bytes = Buffer.allocUnsafe(found.size);
  let read = 0;
  while (read < bytes.length) {
    const { bytesRead } = await file.read(bytes, read, Math.min(piece, bytes.length - read));
    if (bytesRead === 0) break; // it was longer a moment ago
    read += bytesRead;
    wait.heard(read);
  }
  if (isStale(found.mtimeMs, entryGrain)) {
    const now = new Date();
    // Of another user's file only its reading is noted, by the file system.
    await file.utimes(now, now).catch(() => undefined);
  }
  return bytes.subarray(0, read);
}
