import type { CommandContext } from './command.js';
import type { Session } from '../workflow/session.js';
import type { Runtime } from '../runtime/port.js';

/** Runs a command's work in a session, with a reporter that shows it. */
export async function runWithReporter<T>(
  options: { json: boolean; verbose: boolean; runtime?: Runtime['kind'] },
  { signal }: CommandContext,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const [{ withSession }, { cacheDirectory }, { chooseReporter }] = await Promise.all([
    import('../workflow/session.js'),
    import('../storage/directories.js'),
    import('./reporters/choose.js'),
  ]);
  const reporter = await chooseReporter(options);
  const session = {
    cache: cacheDirectory(),
    runtime: options.runtime ?? 'docker',
    emit: reporter.onEvent.bind(reporter),
    signal,
  };
  try {
    return await withSession(session, work);
  } finally {
    await reporter.close();
  }
}
