import type { JobRecord } from '../artifact/manifest-schema.js';

/**
 * A diagnostic as compilers print it, on one line.
 * @param shown a file as it is to be called
 */
export function diagnosticText(
  diagnostic: JobRecord['diagnostics'][number],
  shown: (file: string) => string = (file) => file,
): string {
  const { file, line, column, severity, message, flag } = diagnostic;
  const place = file === undefined ? [] : [shown(file), line, column];
  const words = [...place.filter((part) => part !== undefined), ` ${severity}`, ` ${message}`];
  return `${words.join(':').trimStart()}${flag === undefined ? '' : ` [${flag}]`}`;
}
