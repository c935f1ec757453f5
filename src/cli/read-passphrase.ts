import { Writable } from 'node:stream';
import { KbuildError } from '../errors/kbuild-error.js';

/**
 * Asks for a secret on the terminal, without showing what is typed. Undefined where there is no
 * terminal to ask on.
 */
export function passphraseReader(
  signal: AbortSignal,
  { twice = false } = {},
): ((what: string) => Promise<string>) | undefined {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return undefined;
  return async (what) => {
    for (;;) {
      const answer = await ask(`${what}: `, signal);
      if (!twice || answer === (await ask('Once more: ', signal))) return answer;
      process.stderr.write('These were not the same.\n');
    }
  };
}

async function ask(question: string, signal: AbortSignal): Promise<string> {
  const { createInterface } = await import('node:readline');
  const silent = new Writable({
    write: (_chunk, _encoding, done) => {
      done();
    },
  });
  const terminal = createInterface({
    input: process.stdin,
    output: silent,
    terminal: true, // raw mode: the terminal echoes nothing
    historySize: 0,
  });
  process.stderr.write(question);
  try {
    return await new Promise<string>((resolve, reject) => {
      const stop = () => {
        reject(new KbuildError('INTERRUPTED', 'interrupted', 'Nothing was written.'));
      };
      // Ctrl-C is no signal in raw mode, and Ctrl-D closes.
      terminal.on('line', resolve).on('SIGINT', stop).on('close', stop);
      signal.addEventListener('abort', stop, { once: true });
    });
  } finally {
    terminal.close();
    process.stderr.write('\n');
  }
}
