import { asKbuildError } from '../errors/kbuild-error.js';
import type { Emit } from './event.js';

/** Runs one piece of preparation between its start and end events. */
export async function prepare<T>(
  emit: Emit,
  title: string,
  work: (onLine: (line: string) => void) => Promise<T>,
): Promise<T> {
  const id = title;
  const start = performance.now();
  emit({ type: 'prepare-start', id, title });
  try {
    const value = await work((line) => {
      emit({ type: 'prepare-line', id, line });
    });
    emit({ type: 'prepare-end', id, milliseconds: performance.now() - start });
    return value;
  } catch (error) {
    const report = asKbuildError(error).toReport();
    emit({ type: 'prepare-end', id, milliseconds: performance.now() - start, error: report });
    throw error;
  }
}
