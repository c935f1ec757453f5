import type { ExitStatus } from '../errors/codes.js';
import { asKbuildError } from '../errors/kbuild-error.js';
import type { BuildRequest } from '../workflow/build.js';
import type { CommandContext } from './command.js';
import { displayPath } from './display-path.js';
import { printError } from './print-error.js';
import type { Reporter } from './reporters/reporter.js';
import { formatFailures } from './result-failures.js';
import { sessionOptions, type SessionArguments } from './session.js';
import { styleFor, withoutControls } from './style.js';
import { formatRound } from './watch-view.js';

/**
 * Runs `build --watch`: builds whenever something changes, until it is interrupted. What a round gave is on
 * stdout, or with `--json` one document on a line of its own; all else is on stderr.
 */
export async function watchBuild(
  request: BuildRequest,
  options: SessionArguments,
  { signal }: CommandContext,
): Promise<ExitStatus> {
  const [{ watch }, { chooseReporter }] = await Promise.all([
    import('../workflow/watch.js'),
    import('./reporters/choose.js'),
  ]);
  const json = options.json && 'line';
  const { paint } = styleFor(process.stderr);
  let reporter: Reporter | undefined;
  const session = await sessionOptions(options, signal, (event) => reporter?.onEvent(event));
  const closeReporter = async () => {
    await reporter?.close();
    reporter = undefined;
  };
  try {
    return await watch(request, session, async (event) => {
      if (event.type !== 'watching') await closeReporter();
      switch (event.type) {
        case 'round-start':
          if (event.changed.length > 0) console.error(describeChange(event.changed, paint));
          reporter = await chooseReporter(options);
          break;
        case 'round-end':
          if (options.json) console.log(JSON.stringify(event.report.manifest));
          else {
            const style = styleFor(process.stdout);
            const { manifest } = event.report;
            console.log(
              [...formatFailures(manifest, style), formatRound(manifest, style)].join('\n'),
            );
          }
          break;
        case 'round-failed':
          printError(event.error, json);
          break;
        case 'round-abandoned':
          console.error(paint('dim', 'something changed meanwhile: this build is given up'));
          break;
        case 'watching': {
          const places = event.paths.map((path) => withoutControls(displayPath(path)));
          const files = `${event.files} file${event.files === 1 ? '' : 's'}`;
          console.error(paint('dim', `watching ${files} in ${places.join(', ')}`));
          break;
        }
      }
    });
  } catch (error) {
    const failure = asKbuildError(error);
    await closeReporter();
    // That is how it ends: no error.
    if (failure.code !== 'INTERRUPTED') printError(failure, json);
    return failure.exitStatus;
  }
}

function describeChange(
  changed: readonly string[],
  paint: ReturnType<typeof styleFor>['paint'],
): string {
  const shown = changed.slice(0, 3).map((path) => withoutControls(displayPath(path)));
  const more = changed.length - shown.length;
  return `${paint('cyan', 'changed')} ${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
