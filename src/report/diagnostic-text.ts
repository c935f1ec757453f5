import type { JobRecord } from '../artifact/manifest-schema.js';

/** A diagnostic as compilers print it, on one line. */
export function diagnosticText(diagnostic: JobRecord['diagnostics'][number]): string {
  const { file, line, column, severity, message, flag } = diagnostic;
  const place = file === undefined ? [] : [file, line, column];
  const words = [...place.filter((part) => part !== undefined), ` ${severity}`, ` ${message}`];
  return `${words.join(':').trimStart()}${flag === undefined ? '' : ` [${flag}]`}`;
}
