import type { ExitStatus } from '../errors/codes.js';
import type { ReleaseRequest } from '../workflow/release-request.js';
import type { CommandContext } from './command.js';
import { tellGithub } from './github/tell-github.js';
import { runWithReporter, type SessionArguments } from './session.js';

/**
 * Makes a release, and shows it.
 * @param command as people call it
 */
export async function runRelease(
  command: string,
  request: ReleaseRequest,
  argv: SessionArguments,
  context: CommandContext,
): Promise<ExitStatus> {
  const { release } = await import('../workflow/release.js');
  const report = await runWithReporter(argv, context, (session) => release(request, session));
  if (argv.json) {
    const { manifest, release: made } = report;
    const files = made?.files.map(({ path, bytes }) => ({ path, size: bytes.length }));
    const document = {
      schemaVersion: 1,
      manifest,
      ...(made !== undefined && { release: { path: made.path, files, pushed: made.pushed } }),
    };
    console.log(JSON.stringify(document, null, 2));
  } else {
    const [{ formatRelease }, { styleFor }] = await Promise.all([
      import('./release-view.js'),
      import('./style.js'),
    ]);
    console.log(formatRelease(report, styleFor(process.stdout)));
  }
  await tellGithub(command, report.manifest);
  return report.exitStatus;
}
