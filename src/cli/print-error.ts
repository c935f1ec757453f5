import type { KbuildError } from '../errors/kbuild-error.js';
import { styleFor } from './style.js';

/** Prints an error that ended the command: for people on stderr, for `--json` on stdout. */
export function printError(error: KbuildError, json: boolean): void {
  if (json) console.log(JSON.stringify({ schemaVersion: 1, error: error.toReport() }, null, 2));
  const { paint } = styleFor(process.stderr);
  console.error(`${paint('red', 'error')} ${error.message} ${paint('dim', `[${error.code}]`)}`);
  console.error(`${paint('cyan', ' hint')} ${error.hint}`);
}
