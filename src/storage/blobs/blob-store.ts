/** A name in a store: `ac/<hash>` or `cas/<hash>`. */
export type BlobName = `${'ac' | 'cas'}/${string}`;

/**
 * Where bytes are kept by name, for several machines. Whoever else writes there may be anyone, and what
 * comes out may be anything: a caller believes nothing of it.
 */
export interface BlobStore {
  /** Where it is, as people may see it: no credentials. */
  readonly address: string;
  /**
   * @param limit bytes; more is refused, and not read to its end
   * @returns undefined if there is nothing of that name
   * @throws BlobError
   */
  get(name: BlobName, limit: number, signal: AbortSignal): Promise<Buffer | undefined>;
  /** @throws BlobError */
  has(name: BlobName, signal: AbortSignal): Promise<boolean>;
  /** Puts it there whole, in place of what has the name, or not at all. @throws BlobError */
  put(name: BlobName, bytes: Buffer, signal: AbortSignal): Promise<void>;
}

/**
 * Why a store did not do what it was asked. `strange`: what lies there is no file, or longer than it may
 * be, and the store itself is well. `aborted`: the caller's signal ended it.
 */
export type BlobFault = 'failed' | 'timed-out' | 'strange' | 'aborted';

/** What a store could not do; the message needs the address before it, and has no credentials. */
export class BlobError extends Error {
  constructor(
    readonly fault: BlobFault,
    message: string,
    options?: { cause?: unknown },
  ) {
    super(message, options);
    this.name = 'BlobError';
  }
}

/** Any thrown value as a BlobError. */
export function asBlobError(error: unknown, doing: string): BlobError {
  if (error instanceof BlobError) return error;
  return new BlobError('failed', `${doing}: ${reasonOf(error)}`, { cause: error });
}

/** What is said by the error that lies at the bottom: fetch itself says no more than 'fetch failed'. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  if (cause instanceof Error) return reasonOf(cause);
  const { code } = error as NodeJS.ErrnoException;
  // Of a name with several addresses each has failed in its own way, and the message is empty.
  return error.message || code || error.name;
}
