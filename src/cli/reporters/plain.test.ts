import { afterEach, describe, expect, it, vi } from 'vitest';
import { plainStyle, visibleStyle } from '../../../test/support/styles.js';
import type { Diagnostic, Event, JobLabel, JobStatus } from '../../events/event.js';
import { formatDiagnostic, plainReporter } from './plain.js';
import type { Progress } from './progress-text.js';

const job: JobLabel = {
  id: 'hello-6.1-arm64-gcc-12',
  project: 'hello',
  release: '6.1',
  arch: 'arm64',
  toolchain: 'gcc-12',
};
const warning: Diagnostic = {
  severity: 'warning',
  message: 'unused variable',
  file: `${process.cwd()}/drv/a.c`,
  line: 3,
  column: 7,
  flag: '-Wunused-variable',
};
const error = { code: 'BUILD_COMPILE_ERROR', message: 'no', hint: 'look' } as const;

const run: Event[] = [
  { type: 'prepare-start', id: 'image gcc-12', title: 'image gcc-12' },
  { type: 'prepare-line', id: 'image gcc-12', line: 'Step 1/3' },
  { type: 'prepare-progress', id: 'image gcc-12', fraction: 0.5, text: 'Retrieving x' },
  { type: 'prepare-end', id: 'image gcc-12', milliseconds: 61_000 },
  { type: 'warning', message: 'Docker is old', hint: 'update it' },
  { type: 'plan', jobs: [job] },
  { type: 'job-start', job },
  { type: 'step', job, step: 'compile' },
  { type: 'line', job, line: '  CC [M]  a.o' },
  { type: 'diagnostic', job, diagnostic: warning },
  { type: 'diagnostic', job, diagnostic: { severity: 'note', message: 'declared here' } },
  { type: 'job-end', job, status: 'failed', milliseconds: 1234, error },
];

function said(events: Event[], options: { verbose: boolean }): string {
  let text = '';
  vi.spyOn(process.stderr, 'write').mockImplementation((chunk) => {
    text += String(chunk);
    return true;
  });
  const reporter = plainReporter(options);
  for (const event of events) reporter.onEvent(event);
  void reporter.close();
  return text;
}

const label = (id: string): JobLabel => ({ ...job, id });

/** A progress after so many jobs. */
const progress = (changes: Partial<Progress> = {}): Progress => ({
  ...{ type: 'progress', total: 48, done: 1, running: 1 },
  ...{ built: 0, cached: 0, failed: 0, skipped: 0, more: false },
  ...changes,
});

/** The events of a run of jobs that ended so, one after the other. */
function ends(statuses: JobStatus[], changes: Partial<Progress> = {}): Event[] {
  const jobs = statuses.map((_, i) => label(`j${i + 1}`));
  const total = statuses.length;
  return [
    { type: 'plan', jobs },
    ...statuses.flatMap((status, i): Event[] => [
      { type: 'job-start', job: jobs[i]! },
      { type: 'step', job: jobs[i]!, step: 'cache' },
      ...(status === 'cached' || status === 'skipped'
        ? []
        : [{ type: 'step', job: jobs[i]!, step: 'compile' } as const]),
      { type: 'job-end', job: jobs[i]!, status, milliseconds: 1000 },
      progress({ total, done: i + 1, ...changes }),
    ]),
  ];
}

const many = <T>(count: number, value: T): T[] => Array.from({ length: count }, () => value);

afterEach(() => {
  vi.restoreAllMocks();
});

describe('plainReporter', () => {
  it('tells a line for each thing that happens', () => {
    expect(said(run, { verbose: false })).toBe(
      [
        'prepare image gcc-12',
        '  ready image gcc-12 1 min 1 s',
        'warning Docker is old',
        '        update it',
        '  build hello-6.1-arm64-gcc-12',
        '[hello-6.1-arm64-gcc-12] drv/a.c:3:7: warning: unused variable [-Wunused-variable]',
        ' failed [1/1] hello-6.1-arm64-gcc-12 1.23 s',
        '',
      ].join('\n'),
    );
  });

  it('tells the whole output instead, with the job before each line, if asked', () => {
    const text = said(run, { verbose: true });
    expect(text).toContain('[image gcc-12] Step 1/3\n');
    expect(text).toContain('[hello-6.1-arm64-gcc-12]   CC [M]  a.o\n');
    expect(text).not.toContain('unused variable');
    expect(text).not.toContain('Retrieving'); // a line for each moment would fill a log
  });

  it.each(['built', 'cached', 'skipped', 'failed'] as const)('tells that a job is %s', (status) => {
    const text = said([{ type: 'job-end', job, status, milliseconds: 0 }], { verbose: false });
    expect(text.trim()).toBe(`${status} hello-6.1-arm64-gcc-12 0.00 s`);
  });

  it('leaves an error of what is prepared to where it ends the run', () => {
    const id = 'image gcc-12';
    const events: Event[] = [{ type: 'prepare-end', id, milliseconds: 1, error }];
    expect(said(events, { verbose: true })).toBe('');
  });

  it('lets no build move the cursor', () => {
    const events: Event[] = [
      { type: 'prepare-line', id: 'x', line: '\x1b[2Jprepare' },
      { type: 'line', job, line: '\x1b[31mline\x07\r' },
    ];
    expect(said(events, { verbose: true })).toBe('[x] prepare\n[hello-6.1-arm64-gcc-12] line\n');
    const message = '\x1b[1Amessage';
    const diagnostic: Diagnostic = { severity: 'error', message, file: 'a\x1b[2J.c' };
    expect(said([{ type: 'diagnostic', job, diagnostic }], { verbose: false })).toBe(
      '[hello-6.1-arm64-gcc-12] a.c: error: message\n',
    );
  });

  it('says at each end how many have ended, and what remains', () => {
    const text = said(ends(['built', 'failed', 'cached'], { remainingMs: 42_000 }), {
      verbose: false,
    });
    expect(text).toBe(
      [
        '  build j1',
        '  built [1/3] j1 1.00 s, about 40 s left',
        '  build j2',
        ' failed [2/3] j2 1.00 s, about 40 s left',
        ' cached [3/3] j3 1.00 s',
        '',
      ].join('\n'),
    );
  });

  it('says that more jobs are to come', () => {
    const text = said(ends(['built', 'built'], { remainingMs: 90_000, more: true }), {
      verbose: false,
    });
    expect(text).toContain(' [1/2+] j1 1.00 s, at least 1 min 30 s left\n');
  });

  it('counts the jobs of all plans', () => {
    const more: Event = { type: 'plan', jobs: [label('more')] };
    const end: Event = { type: 'job-end', job: label('j2'), status: 'built', milliseconds: 0 };
    const text = said([...ends(['built']), more, end], { verbose: false });
    expect(text).toContain('  built [1/1] j1');
    expect(text).toContain('  built [2/2] j2');
  });

  it('names each cached job of a matrix that is not large', () => {
    expect(said(ends(many(50, 'cached')), { verbose: false }).split('\n')).toHaveLength(51);
  });

  it('tells of many cached jobs at once, and of each one that was built or failed', () => {
    const statuses: JobStatus[] = [
      ...[...many(950, 'cached' as const), 'built' as const],
      ...['cached' as const, 'failed' as const],
      ...[...many(10, 'skipped' as const), ...many(37, 'cached' as const)],
    ];
    expect(said(ends(statuses), { verbose: false })).toBe(
      [
        ' cached [1..950/1000]',
        '  build j951',
        '  built [ 951/1000] j951 1.00 s',
        ' cached [ 952/1000] j952',
        '  build j953',
        ' failed [ 953/1000] j953 1.00 s',
        'skipped [954..963/1000]',
        ' cached [964..1000/1000]',
        '',
      ].join('\n'),
    );
  });

  it('shows of a large matrix that it goes on', () => {
    const lines = said(ends(many(10_000, 'cached')), { verbose: false })
      .trim()
      .split('\n');
    expect(lines.length).toBeGreaterThanOrEqual(10);
    expect(lines.length).toBeLessThan(20);
    expect(lines.at(-1)).toMatch(/^ cached \[\d+\.\.10000\/10000]$/);
  });

  it('names each job if all is asked for', () => {
    expect(said(ends(many(60, 'cached')), { verbose: true }).split('\n')).toHaveLength(61);
  });

  it('says something every minute, however long a build is silent', () => {
    vi.useFakeTimers();
    const reporter = plainReporter({ verbose: false });
    let shown = '';
    vi.spyOn(process.stderr, 'write').mockImplementation((chunk) => {
      shown += String(chunk);
      return true;
    });
    for (let second = 0; second < 150; second++) {
      vi.advanceTimersByTime(1000);
      reporter.onEvent(progress({ done: 12, failed: 1, running: 2, remainingMs: 300_000 }));
    }
    vi.useRealTimers();
    const line = '    run 12/48 done, 1 failed, 2 running, about 5 min left\n';
    expect(shown).toBe(line + line);
  });

  it('has nothing to put in order in the end', async () => {
    await expect(plainReporter({ verbose: false }).close()).resolves.toBeUndefined();
  });
});

describe('formatDiagnostic', () => {
  it.each([
    [{}, 'drv/a.c:3:7: warning: unused variable [-Wunused-variable]'],
    [{ column: undefined }, 'drv/a.c:3: warning: unused variable [-Wunused-variable]'],
    [{ line: undefined, column: undefined, flag: undefined }, 'drv/a.c: warning: unused variable'],
    [{ file: undefined, flag: undefined }, 'warning: unused variable'],
    [
      { file: '/usr/src/linux/include/x.h', flag: undefined },
      /^\/usr\/src\/linux\/include\/x\.h:3:7: /,
    ],
  ])('is as compilers print it, with %j', (changes, expected) => {
    const text = formatDiagnostic({ ...warning, ...changes }, plainStyle);
    if (typeof expected === 'string') expect(text).toBe(expected);
    else expect(text).toMatch(expected);
  });

  it('lets no flag move the cursor', () => {
    const text = formatDiagnostic({ ...warning, flag: '-Wx\x1b[2J' }, plainStyle);
    expect(text).toMatch(/ \[-Wx\]$/);
  });

  it('paints errors otherwise than warnings', () => {
    const bare = { message: 'm' };
    expect(formatDiagnostic({ ...bare, severity: 'error' }, visibleStyle)).toBe('<red:error>: m');
    expect(formatDiagnostic({ ...bare, severity: 'warning' }, visibleStyle)).toBe(
      '<yellow:warning>: m',
    );
  });
});
