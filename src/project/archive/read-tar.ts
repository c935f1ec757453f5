import { Readable } from 'node:stream';
import type { Header } from 'tar-stream';
import { KbuildError } from '../../errors/kbuild-error.js';
import { quoted, Refusal } from './refusal.js';

/** One entry of a tar archive; its content must be read, or passed over, before the next comes. */
export interface TarEntry extends AsyncIterable<Buffer> {
  header: Header;
}

/** What a tar archive ends with: two blocks of zeros (POSIX.1-2001, ustar). Bytes. */
const endMark = 1024;

/**
 * Gives the entries of a tar archive one after another.
 * @throws Refusal for one that is damaged or cut off; whatever `take` throws
 */
export async function readTar(
  chunks: AsyncIterable<Buffer>,
  take: (entry: TarEntry) => Promise<void>,
): Promise<void> {
  const { extract } = await import('tar-stream');
  const reader = extract();
  let tail = Buffer.alloc(0);
  const watched = async function* () {
    for await (const chunk of chunks) {
      tail = Buffer.concat([tail, chunk.subarray(-endMark)]).subarray(-endMark);
      yield chunk;
    }
  };
  const source = Readable.from(watched(), { objectMode: false });
  let reason: unknown; // an entry only says that its stream was destroyed
  reader.once('error', (error: unknown) => (reason ??= error));
  source.once('error', (error) => {
    reason = error;
    reader.destroy(error);
  });
  source.pipe(reader);
  try {
    for await (const entry of reader) {
      const { name, size } = entry.header;
      // Of a size that is no number tar-stream waits for the end without end.
      if (!Number.isSafeInteger(size) || size < 0) {
        throw new Refusal(`it is damaged: its entry ${quoted(name)} has no size`);
      }
      await take(entry as unknown as TarEntry);
    }
  } catch (error) {
    const cause = isDestroyed(error) ? (reason ?? new Error('it ends too early')) : error;
    if (!isOfReader(cause)) throw cause;
    throw new Refusal(`it is damaged: ${cause.message}`, undefined, { cause });
  } finally {
    source.destroy();
  }
  if (tail.length < endMark || tail.some((byte) => byte !== 0)) {
    throw new Refusal('it is cut off: the mark at the end of a tar archive is not there');
  }
}

const isDestroyed = (error: unknown): boolean =>
  (error as NodeJS.ErrnoException | undefined)?.code === 'STREAM_DESTROYED';

/** What tar-stream says of an archive's bytes; all else says what went wrong here. */
function isOfReader(error: unknown): error is Error {
  if (!(error instanceof Error) || error instanceof Refusal) return false;
  return error.constructor === Error && !(error instanceof KbuildError) && !('syscall' in error);
}

/** The content of a small entry. */
export async function entryText(entry: TarEntry, limit: number): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const chunk of entry) {
    size += chunk.length;
    if (size > limit) {
      throw new Refusal(`its ${quoted(entry.header.name)} is larger than ${limit} bytes`);
    }
    parts.push(chunk);
  }
  return Buffer.concat(parts).toString('utf8');
}

/** Passes over the content of an entry. */
export async function skip(entry: TarEntry): Promise<void> {
  // A directory has none, whatever its size says, and tar-stream would never give an end of it.
  if (entry.header.type === 'directory') return;
  const chunks = entry[Symbol.asyncIterator]();
  while ((await chunks.next()).done !== true);
}
