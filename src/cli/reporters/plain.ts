import type { Diagnostic, Event } from '../../events/event.js';
import { displayPath } from '../display-path.js';
import { styleFor, withoutControls, type Style } from '../style.js';
import { formatDuration } from '../units.js';
import type { Reporter } from './reporter.js';

/** One line for each thing that happens, on stderr: for pipes, for CI, for `--verbose`. */
export function plainReporter(options: { verbose: boolean }): Reporter {
  const style = styleFor(process.stderr);
  const print = (line: string) => process.stderr.write(`${line}\n`);
  return {
    onEvent(event) {
      const line = describe(event, style, options.verbose);
      if (line !== undefined) print(line);
    },
    close: () => Promise.resolve(),
  };
}

function describe(event: Event, { paint }: Style, verbose: boolean): string | undefined {
  switch (event.type) {
    case 'prepare-start':
      return `${paint('cyan', 'prepare')} ${event.title}`;
    case 'prepare-line':
      return verbose
        ? `${paint('dim', `[${event.id}]`)} ${withoutControls(event.line)}`
        : undefined;
    case 'prepare-progress': // for a view that stays in place
      return undefined;
    case 'prepare-end':
      return event.error === undefined
        ? `${paint('green', '  ready')} ${event.id} ${paint('dim', formatDuration(event.milliseconds))}`
        : undefined; // the error itself is printed where it ends the run or the job
    case 'warning':
      return `${paint('yellow', 'warning')} ${withoutControls(event.message)}\n        ${paint('dim', event.hint)}`;
    case 'plan':
    case 'progress':
      return undefined;
    case 'job-start':
      return `${paint('cyan', '  build')} ${event.job.id}`;
    case 'step':
      return undefined;
    case 'line':
      return verbose
        ? `${paint('dim', `[${event.job.id}]`)} ${withoutControls(event.line)}`
        : undefined;
    case 'diagnostic':
      return verbose || event.diagnostic.severity === 'note'
        ? undefined
        : `${paint('dim', `[${event.job.id}]`)} ${formatDiagnostic(event.diagnostic, { paint })}`;
    case 'job-end': {
      const marks = { built: 'green', cached: 'green', skipped: 'yellow', failed: 'red' } as const;
      const status = paint(marks[event.status], event.status.padStart(7));
      return `${status} ${event.job.id} ${paint('dim', formatDuration(event.milliseconds))}`;
    }
  }
}

/** A diagnostic as compilers print it, its path as the user would type it. */
export function formatDiagnostic(diagnostic: Diagnostic, { paint }: Style): string {
  const { file, line, column, severity, message, flag } = diagnostic;
  const place = file === undefined ? [] : [displayPath(file), line, column];
  const prefix = place.filter((part) => part !== undefined).join(':');
  const said = `${paint(severity === 'error' ? 'red' : 'yellow', severity)}: ${withoutControls(message)}`;
  return `${prefix === '' ? '' : `${withoutControls(prefix)}: `}${said}${flag === undefined ? '' : ` [${withoutControls(flag)}]`}`;
}
