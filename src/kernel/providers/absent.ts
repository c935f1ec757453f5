import { existsSync, readFileSync, statSync } from 'node:fs';
import { KbuildError, type ErrorReport } from '../../errors/kbuild-error.js';
import { writeFileAtomic } from '../../storage/atomic.js';

/** apt's words for a file that the index names and the mirror does not have. */
const notFound = /\b404\b/;

/**
 * Fetches something, unless the mirror did not have it the last time and its index has not been
 * read anew since: it would be asked for in vain at every run.
 * @param record where the fetched thing would be recorded; the failure is noted beside it
 * @param indexTime when the index was read, as a file's modification time
 */
export async function unlessAbsent<T>(
  record: string,
  indexTime: number,
  fetch: () => Promise<T>,
): Promise<T> {
  const note = `${record}.absent`;
  if (existsSync(note) && statSync(note).mtimeMs > indexTime) {
    const { code, message, hint } = JSON.parse(readFileSync(note, 'utf8')) as ErrorReport;
    throw new KbuildError(code, message, hint);
  }
  try {
    return await fetch();
  } catch (error) {
    if (error instanceof KbuildError && notFound.test(error.message)) {
      await writeFileAtomic(note, JSON.stringify(error.toReport()));
    }
    throw error;
  }
}
