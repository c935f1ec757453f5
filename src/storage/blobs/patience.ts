import { BlobError } from './blob-store.js';

/** How long a store is waited for. */
export interface Patience {
  /** Until it says anything at all. Milliseconds. */
  first: number;
  /** From one piece of data to the next. Milliseconds. */
  idle: number;
  /** What is slower than this in all has no use beside a build. Bytes a second. */
  pace: number;
}

/** A cache that takes longer than the build that it saves is none. */
export const usualPatience: Patience = { first: 10_000, idle: 10_000, pace: 128 * 1024 };

/** One request that is being waited for. */
export interface Wait {
  /** Aborts when the caller's does, or when the patience is at its end. */
  signal: AbortSignal;
  /** Something has come: so many bytes since the beginning. */
  heard(bytes: number): void;
}

/**
 * Does one request, for as long as the patience lasts: what does not end in time is left alone, whether
 * it can be ended or not.
 * @param doing for the message: `GET ac/0123`
 * @param sent bytes that must go out before an answer can come
 * @throws BlobError timed-out, aborted
 */
export async function withPatience<T>(
  doing: string,
  sent: number,
  patience: Patience,
  signal: AbortSignal,
  work: (wait: Wait) => Promise<T>,
): Promise<T> {
  const stop = new AbortController();
  const begun = performance.now();
  let timer: NodeJS.Timeout | undefined;
  const giveUp = (what: string) => {
    stop.abort(new BlobError('timed-out', `${doing}: ${what}`));
  };
  const within = (milliseconds: number, what: string) => {
    clearTimeout(timer);
    timer = setTimeout(giveUp, milliseconds, `${what} for ${(milliseconds / 1000).toFixed(1)} s`);
  };
  const onAbort = () => {
    stop.abort(new BlobError('aborted', `${doing}: the run has ended`));
  };
  const given = new Promise<never>((_, reject) => {
    stop.signal.addEventListener('abort', () => {
      reject(stop.signal.reason as BlobError);
    });
  });
  given.catch(() => undefined); // the work may have ended first
  signal.addEventListener('abort', onAbort);
  if (signal.aborted) onAbort();
  else within(patience.first + (sent / patience.pace) * 1000, 'no answer');
  const wait: Wait = {
    signal: stop.signal,
    heard(bytes) {
      within(patience.idle, 'nothing more came');
      const allowed = patience.first + patience.idle + ((sent + bytes) / patience.pace) * 1000;
      const passed = performance.now() - begun;
      if (passed > allowed) {
        giveUp(`${bytes} bytes in ${(passed / 1000).toFixed(1)} s is too slow`);
      }
    },
  };
  try {
    return await Promise.race([given, work(wait)]);
  } catch (error) {
    // What the abort made of the work is of no interest: why it was aborted is.
    if (stop.signal.aborted) throw stop.signal.reason as BlobError;
    throw error;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
  }
}
