import type { CommandContext } from './command.js';
import type { Session } from '../workflow/session.js';
import type { Runtime } from '../runtime/port.js';

/** What a command line may say of a session. */
interface SessionArguments {
  json: boolean;
  verbose: boolean;
  runtime?: Runtime['kind'];
  repository?: string[] | undefined;
  offline?: boolean;
  'allow-expired'?: boolean;
}

/** Runs a command's work in a session, with a reporter that shows it. */
export async function runWithReporter<T>(
  options: SessionArguments,
  { signal }: CommandContext,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const [
    { withSession },
    { cacheDirectory },
    { chooseReporter },
    { withUserRepositories },
    { shippedRepositories },
  ] = await Promise.all([
    import('../workflow/session.js'),
    import('../storage/directories.js'),
    import('./reporters/choose.js'),
    import('../kernel/user-repositories.js'),
    import('../kernel/repository.js'),
  ]);
  const repositories = await withUserRepositories(options.repository ?? [], shippedRepositories());
  const reporter = await chooseReporter(options);
  const session = {
    cache: cacheDirectory(),
    runtime: options.runtime ?? 'docker',
    repositories,
    offline: options.offline ?? false,
    allowExpired: options['allow-expired'] ?? false,
    emit: reporter.onEvent.bind(reporter),
    signal,
  };
  try {
    return await withSession(session, work);
  } finally {
    await reporter.close();
  }
}
