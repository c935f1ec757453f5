import type { Diagnostic, Event, JobStatus } from '../../events/event.js';
import { displayPath } from '../display-path.js';
import { styleFor, withoutControls, type Style } from '../style.js';
import { formatDuration } from '../units.js';
import { progressParts, remainingText, type Progress } from './progress-text.js';
import { QuietJobs, type Row } from './quiet-jobs.js';
import type { Reporter } from './reporter.js';

type JobEnd = Extract<Event, { type: 'job-end' }>;

/** A log that says nothing for longer looks as if it hung. Milliseconds. */
const longestSilence = 60_000;

const marks = { built: 'green', cached: 'green', skipped: 'yellow', failed: 'red' } as const;

/** One line for each thing that happens, on stderr: for pipes, for CI, for `--verbose`. */
export function plainReporter(options: { verbose: boolean }): Reporter {
  const log = new PlainLog(options.verbose);
  return {
    onEvent: log.onEvent.bind(log),
    close: () => {
      log.flush();
      return Promise.resolve();
    },
  };
}

class PlainLog {
  readonly #style = styleFor(process.stderr);
  readonly #quiet = new QuietJobs();
  #total = 0;
  #more = false;
  #done = 0;
  /** An end that is told together with the progress, which comes next. */
  #held: { event: JobEnd; number: number } | undefined;
  #said = performance.now();

  constructor(readonly verbose: boolean) {}

  onEvent(event: Event): void {
    if (event.type === 'progress') {
      this.#progress(event);
      return;
    }
    this.#tellHeld();
    if (event.type === 'plan') this.#total += event.jobs.length;
    if (event.type === 'job-end') {
      this.#end(event);
      return;
    }
    const line = describe(event, this.#style, this.verbose);
    if (line !== undefined) this.#print(line);
  }

  /** Tells what was kept back. */
  flush(): void {
    this.#tellHeld();
    this.#tellRow(this.#quiet.take());
  }

  #print(line: string): void {
    this.#tellRow(this.#quiet.take());
    this.#write(line);
  }

  #write(line: string): void {
    this.#said = performance.now();
    process.stderr.write(`${line}\n`);
  }

  #end(event: JobEnd): void {
    const number = ++this.#done;
    const { status, job } = event;
    if (!this.verbose && this.#quiet.takes(status, this.#total)) {
      this.#tellRow(this.#quiet.add(status, number, job.id));
    } else {
      this.#held = { event, number };
    }
  }

  #progress(progress: Progress): void {
    this.#more = progress.more;
    this.#tellHeld(progress);
    if (performance.now() - this.#said < longestSilence) return;
    const parts = progressParts(progress).map(({ text }) => text);
    this.#print(`${this.#style.paint('cyan', '    run')} ${parts.join(', ')}`);
  }

  #tellHeld(progress?: Progress): void {
    if (this.#held === undefined) return;
    const { event, number } = this.#held;
    this.#held = undefined;
    const left = progress && remainingText(progress);
    const time = `${formatDuration(event.milliseconds)}${left === undefined ? '' : `, ${left}`}`;
    this.#print(
      [this.#mark(event.status), this.#place(number), event.job.id, this.#style.paint('dim', time)]
        .filter((part) => part !== '')
        .join(' '),
    );
  }

  #tellRow(row: Row | undefined): void {
    if (row === undefined) return;
    const { status, first, last, id } = row;
    const one = first === last;
    const place = one ? this.#place(first) : `[${first}..${last}/${this.#all}]`;
    this.#write(`${this.#mark(status)} ${place}${one ? ` ${id}` : ''}`);
  }

  #mark(status: JobStatus): string {
    return this.#style.paint(marks[status], status.padStart(7));
  }

  /** `[ 3/48]`; nothing where it is not known how many there are. */
  #place(number: number): string {
    if (this.#total === 0) return '';
    return `[${String(number).padStart(String(this.#total).length)}/${this.#all}]`;
  }

  get #all(): string {
    return `${this.#total}${this.#more ? '+' : ''}`;
  }
}

/** What is said of an event that says all by itself. */
function describe(
  event: Exclude<Event, JobEnd | Progress>,
  { paint }: Style,
  verbose: boolean,
): string | undefined {
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
    case 'job-start': // a job of the cache is never built
      return undefined;
    case 'step':
      return event.step === 'compile' ? `${paint('cyan', '  build')} ${event.job.id}` : undefined;
    case 'line':
      return verbose
        ? `${paint('dim', `[${event.job.id}]`)} ${withoutControls(event.line)}`
        : undefined;
    case 'diagnostic':
      return verbose || event.diagnostic.severity === 'note'
        ? undefined
        : `${paint('dim', `[${event.job.id}]`)} ${formatDiagnostic(event.diagnostic, { paint })}`;
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
