import { closeSync, openSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { ensureDirectory } from '../../storage/ensure-directory.js';

/** What a script prints: all of it in a file, and the lines that say why it failed. */
export interface RunLog {
  path: string;
  onLine: (line: string) => void;
  /** The first lines that are errors, else the last line. */
  reasons: () => string[];
  close: () => void;
}

/** Bytes: a script that prints without end does not fill the disk. */
export const longestLog = 16 * 2 ** 20;

/** An error of a compiler, the linker, the shell or make; not make's `Error 1` for what came before. */
const isError =
  /(?:^|[\s:])(?:fatal )?error:|^ERROR: |undefined reference|: not found$|No such file or directory|Permission denied|Read-only file system|No space left on device|No rule to make target|can't open file|\*\*\* (?!\[|Waiting for|Deleting)/i;

/** What make says when something before it failed. */
const isGivingUp = /^make(?:\[\d+\])?: \*\*\* (?:\[|Waiting for|Deleting)/;

export function openRunLog(path: string, pass: (line: string) => void): RunLog {
  ensureDirectory(dirname(path));
  const file = openSync(path, 'w');
  const errors: string[] = [];
  let last = '';
  let left = longestLog;
  const write = (text: string): void => {
    left -= Buffer.byteLength(text);
    try {
      if (left >= 0) writeSync(file, text);
    } catch {
      left = 0; // a full disk ends the log, not the run
    }
  };
  return {
    path,
    onLine: (line) => {
      write(`${line}\n`);
      if (line.trim() !== '' && !isGivingUp.test(line)) last = line;
      if (errors.length < 3 && isError.test(line)) errors.push(line.trim());
      pass(line);
    },
    reasons: () =>
      errors.length > 0 ? errors : [last === '' ? 'it printed nothing' : last.trim()],
    close: () => {
      closeSync(file);
    },
  };
}
