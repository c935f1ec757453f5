import { existsSync, readFileSync, statSync } from 'node:fs';
import { KbuildError, type ErrorReport } from '../../errors/kbuild-error.js';
import { writeFileAtomic } from '../../storage/atomic.js';

/**
 * Whether the mirror does not have a file that its index names, as package managers say it. A 404
 * in a version is none.
 */
export const isAbsent = ({ message }: KbuildError): boolean =>
  /(^|[\s:])404\b(?![.~+-])/.test(message);

const noteOf = (record: string): string => `${record}.absent`;

/**
 * Why a kernel could not be had the last time, if the mirror lacked a file of it and its index has
 * not been read anew since: it would be asked for in vain at every run.
 * @param record where the kernel would be recorded; the note lies beside it
 * @param indexTime when the index was read, as a file's modification time
 */
export function knownAbsent(record: string, indexTime: number): KbuildError | undefined {
  const note = noteOf(record);
  if (!existsSync(note) || statSync(note).mtimeMs <= indexTime) return undefined;
  const { code, message, hint } = JSON.parse(readFileSync(note, 'utf8')) as ErrorReport;
  return new KbuildError(code, message, hint);
}

/** Notes why a kernel could not be had, if it is for a file that the mirror does not have. */
export async function noteAbsent(record: string, error: KbuildError): Promise<void> {
  if (!isAbsent(error)) return;
  await writeFileAtomic(noteOf(record), JSON.stringify(error.toReport()));
}
