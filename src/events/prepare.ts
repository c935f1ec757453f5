import { asKbuildError } from '../errors/kbuild-error.js';
import type { Emit } from './event.js';

/** What is told of a piece of preparation while it runs: a line of output, or how much is done. */
export type Progress = { line: string } | { fraction: number; text: string };

/** Runs one piece of preparation between its start and end events. */
export function prepare<T>(
  emit: Emit,
  title: string,
  work: (onLine: (line: string) => void) => Promise<T>,
): Promise<T> {
  return prepareWithProgress(emit, title, (onProgress) =>
    work((line) => {
      onProgress({ line });
    }),
  );
}

/** The same, for work that knows how much of it is done. */
export async function prepareWithProgress<T>(
  emit: Emit,
  title: string,
  work: (onProgress: (progress: Progress) => void) => Promise<T>,
): Promise<T> {
  const id = title;
  const start = performance.now();
  emit({ type: 'prepare-start', id, title });
  try {
    const value = await work((progress) => {
      if ('line' in progress) emit({ type: 'prepare-line', id, ...progress });
      else emit({ type: 'prepare-progress', id, ...progress });
    });
    emit({ type: 'prepare-end', id, milliseconds: performance.now() - start });
    return value;
  } catch (error) {
    const report = asKbuildError(error).toReport();
    emit({ type: 'prepare-end', id, milliseconds: performance.now() - start, error: report });
    throw error;
  }
}
