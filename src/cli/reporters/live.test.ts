import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'vitest';
import { temporaryDirectory } from '../../../test/support/temporary-directory.js';
import { onTerminal, type TerminalOptions } from '../../../test/support/terminal.js';
import { packageRoot } from '../../data/package-root.js';
import type { Event, JobLabel } from '../../events/event.js';

/** A program that gives events to the view, a quarter of a second apart: it is drawn more often. */
const showing = (events: readonly Event[], end = 'await reporter.close();') => `
  import { setTimeout as sleep } from 'node:timers/promises';
  import { liveReporter } from '${join(packageRoot, 'src/cli/reporters/live.ts')}';
  const reporter = liveReporter();
  for (const event of ${JSON.stringify(events)}) {
    reporter.onEvent(event);
    await sleep(250);
  }
  ${end}`;

/** What a program shows on a terminal of script(1). */
function run(program: string, options: TerminalOptions = {}) {
  const file = join(temporaryDirectory({ 'show.mts': program }), 'show.mts');
  const jiti = join(packageRoot, 'node_modules/.bin/jiti');
  return onTerminal(`'${jiti}' '${file}'`, options);
}

const id = 'kernel headers 6.1';
const progress = (fraction: number, text = 'Retrieving x', of = id): Event => ({
  type: 'prepare-progress',
  ...{ id: of, fraction, text },
});
const start: Event = { type: 'prepare-start', id, title: id };
const end: Event = { type: 'prepare-end', id, milliseconds: 1234 };

const label = (i: number): JobLabel => ({
  ...{ id: `j${i}`, project: `p${i}`, release: '6.1', arch: 'arm64', toolchain: 'gcc-12' },
});
const labels = (count: number): JobLabel[] => Array.from({ length: count }, (_, i) => label(i));
const counts = { built: 0, cached: 0, failed: 0, skipped: 0, more: false };
const error = { code: 'BUILD_COMPILE_ERROR', message: 'no such file', hint: 'h' } as const;

// They wait more than they do.
describe.concurrent('liveReporter', { timeout: 60_000 }, () => {
  it('shows how much is prepared, in whole per cents, and what is going on', async ({ expect }) => {
    const { screens, text } = await run(
      showing([start, progress(0.257), progress(1, 'all there'), end]),
    );
    const seen = screens.map((screen) => screen.join('\n'));
    expect(seen.some((screen) => /6\.1: 25 %\n.*Retrieving x$/.test(screen))).toBe(true);
    expect(seen.some((screen) => /6\.1: 100 %.*\n.*all there$/.test(screen))).toBe(true);
    expect(text).toEqual(['✔ kernel headers 6.1 (1.23 s)']);
  });

  it('lets no mirror move the cursor, and passes over what has never begun', async ({ expect }) => {
    const hostile = progress(0.5, '\x1b[33;44Hhere\x07there');
    const { screens, raw } = await run(
      showing([progress(0.1, 'x', 'unknown'), start, hostile, end]),
    );
    expect(screens.some((screen) => screen[1]?.endsWith(' herethere'))).toBe(true);
    expect(raw).not.toContain('\x1b[33;44H');
    expect(raw).not.toContain('unknown');
  });

  it('shows jobs in place, with what remains, on 80 columns', async ({ expect }) => {
    const job = {
      ...label(0),
      release: '6.1.0-56-a-long-flavour-of-a-kernel-arm64',
      project: 'a-long-name',
    };
    const jobs = [job, label(1)];
    const { screens, text } = await run(
      showing([
        { type: 'plan', jobs },
        { type: 'job-start', job },
        { type: 'step', job, step: 'compile' },
        { type: 'progress', total: 2, done: 0, running: 1, ...counts, remainingMs: 42_000 },
        { type: 'line', job, line: `  CC [M]  ${'x'.repeat(200)}` },
        { type: 'job-end', job, status: 'built', milliseconds: 1000 },
        { type: 'job-end', job: label(1), status: 'cached', milliseconds: 1 },
      ]),
    );
    // On a busy machine a screen may be looked at while it is drawn.
    const compiling = screens.filter((screen) => screen.some((row) => row.includes('CC [M]')));
    const full = compiling.find((screen) => screen.length === 4);
    assert.ok(full, JSON.stringify(compiling));
    expect(full[0]).toMatch(/^. a-long-name {2}6\.1\.0.*….*: compiling( \d s)?$/);
    expect(full[1]).toMatch(/^ {2}› CC \[M] {2}x+…$/);
    expect(full[2]).toMatch(/^· p1 {11}6\.1/);
    expect(full[3]).toBe('0/2 done · 1 running · about 40 s left');
    expect(text).toHaveLength(2);
    expect(text[0]).toMatch(/^✔ a-long-name .*: built \(1\.00 s\)$/);
    expect(text[1]).toMatch(/^✔ p1 .*: cached \(0\.00 s\)$/);
  });

  it('shows of many jobs those that run and those that failed, and what remains', async ({
    expect,
  }) => {
    const { screens, text } = await run(
      showing([
        { type: 'plan', jobs: labels(10_000) },
        { type: 'job-start', job: label(0) },
        { type: 'job-start', job: label(1) },
        { type: 'job-end', job: label(0), status: 'failed', milliseconds: 1000, error },
        { type: 'job-end', job: label(2), status: 'built', milliseconds: 1000 },
        ...[
          { type: 'progress', total: 10_000, done: 2, running: 1, ...counts, failed: 1 } as const,
        ],
      ]),
      { rows: 8 },
    );
    const failed = ['✖ p0     6.1  arm64  gcc-12: failed (1.00 s)', '  › no such file'];
    expect(screens.some((screen) => /^. p1 {5}6\.1 {2}arm64 {2}gcc-12/.test(screen[2] ?? ''))).toBe(
      true,
    );
    expect(text).toEqual([...failed, '2/10000 done · 1 failed']);
  });

  it('shows that time goes on while nothing else happens', async ({ expect }) => {
    const { screens } = await run(
      showing(
        [
          { type: 'plan', jobs: [label(0)] },
          { type: 'job-start', job: label(0) },
          { type: 'step', job: label(0), step: 'compile' },
        ],
        'await sleep(3000); await reporter.close();',
      ),
    );
    const rows = screens.flatMap((screen) => screen.slice(0, 1));
    for (const seconds of [1, 2, 3]) {
      expect(rows.some((row) => row.endsWith(`compiling ${seconds} s`))).toBe(true);
    }
  });

  it('gives the cursor back, also where the process just ends', async ({ expect }) => {
    const closed = await run(showing([start, end]));
    const ended = await run(showing([start], 'process.exit(0);'));
    for (const { cursorHidden, raw } of [closed, ended]) {
      expect(raw).toContain('\x1b[?25l');
      expect(cursorHidden).toBe(false);
    }
  });

  it('paints, but not where NO_COLOR is set', async ({ expect }) => {
    const plain = await run(showing([start, end]));
    const painted = await run(showing([start, end]), { env: { NO_COLOR: undefined } });
    const green = '\x1b[32m';
    expect([plain.raw.includes(green), painted.raw.includes(green)]).toEqual([false, true]);
  });

  it('fits a terminal that becomes narrower while it is drawn on', async ({ expect }) => {
    const job = { ...label(0), project: 'p'.repeat(60) };
    const { raw } = await run(
      showing(
        [
          { type: 'plan', jobs: [job] },
          { type: 'job-start', job },
        ],
        `const { execFileSync } = await import('node:child_process');
        execFileSync('stty', ['cols', '40'], { stdio: ['inherit', 'ignore', 'ignore'] });
        await sleep(500);
        await reporter.close();`,
      ),
    );
    const rows = raw.match(/p{20,}/g)!;
    expect(rows[0]).toHaveLength(60);
    expect(rows.at(-1)!.length).toBeLessThan(40);
  });
});
