import { appendFileSync, statSync } from 'node:fs';

/** GitHub takes no summary of a step that is longer (1 MiB). Bytes. */
const mostBytes = 2 ** 20;

const note = '\n\n_The rest does not fit into the summary: the log has it._\n';

/**
 * Appends parts to the file of the step's summary, as many as there is room for beside what other
 * programs of the step wrote.
 */
export function appendSummary(file: string, parts: readonly string[]): void {
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  let left = mostBytes - size - Buffer.byteLength(note);
  const fitting: string[] = [];
  for (const part of parts) {
    left -= Buffer.byteLength(part) + 2;
    if (left < 0) break;
    fitting.push(part);
  }
  const isWhole = fitting.length === parts.length;
  if (fitting.length > 0) appendFileSync(file, `${fitting.join('\n\n')}${isWhole ? '\n\n' : note}`);
}
