import { afterEach, describe, expect, it, vi } from 'vitest';
import { plainStyle, visibleStyle } from '../../../test/support/styles.js';
import type { Diagnostic, Event, JobLabel } from '../../events/event.js';
import { formatDiagnostic, plainReporter } from './plain.js';

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
  return text;
}

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
        ' failed hello-6.1-arm64-gcc-12 1.23 s',
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
