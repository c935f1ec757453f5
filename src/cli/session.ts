import type { CommandContext } from './command.js';
import type { Emit } from '../events/event.js';
import type { Session, SessionOptions } from '../workflow/session.js';
import type { Runtime } from '../runtime/port.js';

/** What a command line may say of a session. */
export interface SessionArguments {
  json: boolean;
  verbose: boolean;
  reporter?: 'auto' | 'live' | 'plain' | 'github';
  runtime?: Runtime['kind'];
  repository?: string[] | undefined;
  offline?: boolean;
  'allow-expired'?: boolean;
}

/** The session that a command line asks for. */
export async function sessionOptions(
  options: SessionArguments,
  signal: AbortSignal,
  emit: Emit,
): Promise<SessionOptions> {
  const [{ cacheDirectory }, { withUserRepositories }, { shippedRepositories }] = await Promise.all(
    [
      import('../storage/directories.js'),
      import('../kernel/user-repositories.js'),
      import('../kernel/repository.js'),
    ],
  );
  return {
    cache: cacheDirectory(),
    runtime: options.runtime ?? 'docker',
    repositories: await withUserRepositories(options.repository ?? [], shippedRepositories()),
    offline: options.offline ?? false,
    allowExpired: options['allow-expired'] ?? false,
    emit,
    signal,
  };
}

/** Runs a command's work in a session, with a reporter that shows it. */
export async function runWithReporter<T>(
  options: SessionArguments,
  { signal }: CommandContext,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const [{ withSession }, { chooseReporter }] = await Promise.all([
    import('../workflow/session.js'),
    import('./reporters/choose.js'),
  ]);
  const reporter = await chooseReporter(options);
  try {
    const session = await sessionOptions(options, signal, reporter.onEvent.bind(reporter));
    return await withSession(session, work);
  } finally {
    await reporter.close();
  }
}
