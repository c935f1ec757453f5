import type { KbuildError } from '../errors/kbuild-error.js';
import { tellGithubOfError } from './github/tell-github.js';
import { styleFor } from './style.js';

/**
 * Prints an error that ended the command, or a round of it: for people on stderr, for `--json` on stdout.
 * @param json `line`: without line breaks, where each line is a document
 */
export function printError(error: KbuildError, json: boolean | 'line'): void {
  const indent = json === 'line' ? undefined : 2;
  const document = { schemaVersion: 1, error: error.toReport() };
  if (json !== false) console.log(JSON.stringify(document, null, indent));
  const { paint } = styleFor(process.stderr);
  console.error(`${paint('red', 'error')} ${error.message} ${paint('dim', `[${error.code}]`)}`);
  console.error(`${paint('cyan', ' hint')} ${error.hint}`);
  tellGithubOfError(error);
}
