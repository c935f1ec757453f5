import type { Event, JobLabel, JobStatus, JobStep } from '../../events/event.js';
import { formatDuration } from '../units.js';
import { progressParts, type Progress } from './progress-text.js';
import { widthOf, type Row } from './row.js';

const steps: Record<JobStep, string> = {
  cache: 'looking into the cache',
  wait: 'waiting',
  compile: 'compiling',
  collect: 'collecting',
  verify: 'verifying',
  sign: 'signing',
};

/** The signs that rows begin with. */
export interface Signs {
  tick: string;
  cross: string;
  pointer: string;
  /** Of what goes on; changes all the time. */
  spinner: string;
}

/** What there is to draw on. */
export interface Space {
  rows: number;
  signs: Signs;
  /** Milliseconds, of performance.now(). */
  now: number;
}

interface Preparation {
  title: string;
  begun: number;
  line: string;
  fraction?: number;
}

interface JobState {
  label: JobLabel;
  begun: number;
  step?: JobStep;
  line: string;
  status?: JobStatus;
  milliseconds: number;
  error?: string;
}

/** What a live view shows of a run: rows that change, and rows that are told once. */
export class LiveView {
  readonly #preparations = new Map<string, Preparation>();
  readonly #jobs = new Map<string, JobState>();
  readonly #running = new Set<JobState>();
  /** Failed, and not told of yet. */
  readonly #failed = new Set<JobState>();
  readonly #widths = { project: 0, release: 0, arch: 0 };
  #progress: { event: Progress; at: number } | undefined;
  #told: ((signs: Signs) => Row)[] = [];

  onEvent(event: Event, now: number): void {
    switch (event.type) {
      case 'prepare-start':
        this.#preparations.set(event.id, { title: event.title, begun: now, line: '' });
        break;
      case 'prepare-line': {
        const preparation = this.#preparations.get(event.id);
        if (preparation !== undefined) preparation.line = event.line;
        break;
      }
      case 'prepare-progress': {
        const preparation = this.#preparations.get(event.id);
        if (preparation === undefined) break;
        preparation.fraction = event.fraction;
        preparation.line = event.text;
        break;
      }
      case 'prepare-end':
        this.#endPreparation(event);
        break;
      case 'warning':
        this.#told.push(
          () => [{ text: 'warning', format: 'yellow' }, { text: ` ${event.message}` }],
          () => [{ text: `        ${event.hint}`, format: 'dim' }],
        );
        break;
      case 'plan':
        for (const job of event.jobs) this.#addJob(job);
        break;
      case 'job-start':
        this.#with(event.job, (state) => {
          state.begun = now;
          this.#running.add(state);
        });
        break;
      case 'step':
        this.#with(event.job, (state) => {
          // Waiting is no time of its own.
          if (state.step === 'wait') state.begun = now;
          state.step = event.step;
          state.line = '';
        });
        break;
      case 'line':
        this.#with(event.job, (state) => {
          state.line = event.line;
        });
        break;
      case 'job-end':
        this.#with(event.job, (state) => {
          state.status = event.status;
          state.milliseconds = event.milliseconds;
          if (event.error !== undefined) state.error = event.error.message;
          this.#running.delete(state);
          if (event.status === 'failed') this.#failed.add(state);
        });
        break;
      case 'progress':
        this.#progress = { event, at: now };
        break;
      case 'diagnostic':
        break;
    }
  }

  /** Rows that are to be told once, above the others, since the last time. */
  takeTold({ rows, signs }: Space): Row[] {
    // Where not all jobs are shown, those that failed must not get lost.
    if (!this.#fits(rows)) {
      for (const state of this.#failed) {
        this.#told.push((theirs) => this.#jobRow(state, theirs, 0));
        if (state.error !== undefined) this.#told.push(detail(state.error));
      }
      this.#failed.clear();
    }
    const told = this.#told.map((row) => row(signs));
    this.#told = [];
    return told;
  }

  /** The rows that change: fewer than the terminal has. */
  frame(space: Space): Row[] {
    const { rows, signs, now } = space;
    const preparations = [...this.#preparations.values()].flatMap((preparation) =>
      preparationRows(preparation, signs, now),
    );
    const status = this.#statusRows(now);
    const room = rows - 1 - preparations.length - status.length;
    const shown = this.#fits(rows) ? [...this.#jobs.values()] : [...this.#running];
    const kept = shown.length <= room ? shown : shown.slice(0, Math.max(0, room - 1));
    const more = shown.length - kept.length;
    let details = Math.max(0, room - kept.length - (more > 0 ? 1 : 0));
    const jobs = kept.flatMap((state) => {
      const said = state.status === undefined ? state.line : (state.error ?? '');
      const withDetail = said !== '' && state.status !== 'skipped' && details-- > 0;
      return [this.#jobRow(state, signs, now), ...(withDetail ? [detail(said)(signs)] : [])];
    });
    const rest: Row[] = more > 0 ? [[{ text: `  … and ${more} more`, format: 'dim' }]] : [];
    // The end of what is shown counts most, if it is too much all the same.
    return [...preparations, ...jobs, ...rest, ...status].slice(-Math.max(1, rows - 1));
  }

  /** What is left on the terminal when the run has ended, whatever state it is in. */
  lastFrame(space: Space): Row[] {
    for (const [id, { title }] of this.#preparations) {
      this.#told.push(({ cross }) => [failedSign(cross), { text: `${title}: interrupted` }]);
      this.#preparations.delete(id);
    }
    for (const state of this.#running) {
      state.status = 'failed';
      state.error = 'interrupted';
    }
    this.#running.clear();
    const progress = this.#progress?.event;
    this.#progress = undefined;
    // Where all jobs are shown, they say it themselves.
    if (progress !== undefined && !this.#fits(space.rows)) {
      const event = { ...progress, running: 0 };
      delete event.remainingMs;
      this.#progress = { event, at: space.now };
    }
    return this.frame(space);
  }

  #addJob(label: JobLabel): void {
    this.#jobs.set(label.id, { label, begun: 0, line: '', milliseconds: 0 });
    for (const field of ['project', 'release', 'arch'] as const) {
      this.#widths[field] = Math.max(this.#widths[field], widthOf(label[field]));
    }
  }

  #with({ id }: JobLabel, change: (state: JobState) => void): void {
    const state = this.#jobs.get(id);
    if (state !== undefined) change(state);
  }

  #endPreparation({ id, milliseconds, error }: Extract<Event, { type: 'prepare-end' }>): void {
    const preparation = this.#preparations.get(id);
    if (preparation === undefined) return;
    this.#preparations.delete(id);
    const text = `${preparation.title} (${formatDuration(milliseconds)})`;
    this.#told.push(({ tick, cross }) => [
      error === undefined ? { text: `${tick} `, format: 'green' } : failedSign(cross),
      { text },
    ]);
    if (error !== undefined) this.#told.push(detail(error.message));
  }

  /** Whether all jobs can be shown, each with a row, besides what is prepared and the last row. */
  #fits(rows: number): boolean {
    return this.#jobs.size + 2 * this.#preparations.size + 2 <= rows;
  }

  #jobRow(state: JobState, signs: Signs, now: number): Row {
    const { project, release, arch, toolchain } = state.label;
    const { status } = state;
    const title = [
      project.padEnd(this.#widths.project),
      release.padEnd(this.#widths.release),
      arch.padEnd(this.#widths.arch),
      toolchain,
    ].join('  ');
    if (status !== undefined) {
      const end = `: ${status} (${formatDuration(state.milliseconds)})`;
      const sign = { built: signs.tick, cached: signs.tick, skipped: '-', failed: signs.cross };
      const format = formats[status];
      return [
        { text: `${sign[status]} `, format },
        { text: title, elastic: true },
        ...(status === 'failed' || status === 'skipped'
          ? [{ text: end, format }]
          : [{ text: end }]),
      ];
    }
    if (!this.#running.has(state)) {
      return [
        { text: '· ', format: 'dim' },
        { text: title, format: 'dim', elastic: true },
      ];
    }
    const seconds = Math.floor((now - state.begun) / 1000);
    const doing = state.step === undefined ? '' : `: ${steps[state.step]}`;
    return [
      { text: `${signs.spinner} `, format: 'yellow' },
      { text: title, elastic: true },
      { text: doing + (seconds > 0 && state.step !== 'wait' ? ` ${seconds} s` : '') },
    ];
  }

  #statusRows(now: number): Row[] {
    if (this.#progress === undefined) return [];
    const { event, at } = this.#progress;
    const { remainingMs } = event;
    // It is told once a second; meanwhile time goes on.
    const left =
      remainingMs === undefined ? {} : { remainingMs: Math.max(0, remainingMs - (now - at)) };
    const parts = progressParts({ ...event, ...left });
    return [parts.flatMap((part, i) => (i === 0 ? [part] : [{ text: ' · ' }, part]))];
  }
}

const formats = { built: 'green', cached: 'green', skipped: 'yellow', failed: 'red' } as const;

const failedSign = (cross: string) => ({ text: `${cross} `, format: 'red' as const });

/** A row below another, which says more of that. Of several lines the first says most. */
const detail =
  (text: string) =>
  ({ pointer }: Signs): Row => [
    { text: `  ${pointer} ${text.trim().split('\n', 1)[0] ?? ''}`, format: 'dim', elastic: true },
  ];

function preparationRows(
  { title, begun, line, fraction }: Preparation,
  signs: Signs,
  now: number,
): Row[] {
  const seconds = Math.floor((now - begun) / 1000);
  const done = fraction === undefined ? '' : `: ${Math.floor(fraction * 100)} %`;
  const time = seconds > 0 ? ` ${seconds} s` : '';
  return [
    [
      { text: `${signs.spinner} `, format: 'yellow' },
      { text: title, elastic: true },
      { text: done + time },
    ],
    ...(line === '' ? [] : [detail(line)(signs)]),
  ];
}
