import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../../../test/support/temporary-directory.js';
import { packageRoot } from '../../data/package-root.js';
import type { Event } from '../../events/event.js';

/** What the view draws of events on a terminal of script(1). */
function drawn(events: Event[]): string {
  const program = `
    import { setTimeout as sleep } from 'node:timers/promises';
    import { liveReporter } from '${join(packageRoot, 'src/cli/reporters/live.ts')}';
    const reporter = liveReporter();
    for (const event of ${JSON.stringify(events)}) {
      reporter.onEvent(event);
      await sleep(250); // the view is drawn ten times a second
    }
    await reporter.close();`;
  const file = join(temporaryDirectory({ 'show.mts': program }), 'show.mts');
  const jiti = join(packageRoot, 'node_modules/.bin/jiti');
  const command = `stty cols 100 rows 30; exec '${jiti}' '${file}'`;
  return execFileSync('script', ['-qec', command, '/dev/null'], {
    encoding: 'utf8',
    env: { ...process.env, TERM: 'xterm', SHELL: '/bin/sh', CI: '', NO_COLOR: '1' },
  });
}

const id = 'kernel headers 6.1';
const progress = (fraction: number, text = 'Retrieving x', of = id): Event => ({
  type: 'prepare-progress',
  ...{ id: of, fraction, text },
});
const start: Event = { type: 'prepare-start', id, title: id };
const end: Event = { type: 'prepare-end', id, milliseconds: 1234 };

describe('liveReporter', { timeout: 30_000 }, () => {
  it('shows how much is prepared, in whole per cents, and what is going on', () => {
    const text = drawn([start, progress(0.257), progress(1, 'all there'), end]);
    const order = ['6.1: 25 %', 'Retrieving x', '6.1: 100 %', 'all there', '6.1 (1.23 s)'];
    const places = order.map((part) => text.indexOf(part));
    expect(places).not.toContain(-1);
    expect(places).toEqual(places.toSorted((a, b) => a - b));
  });

  it('lets no mirror move the cursor, and passes over what has never begun', () => {
    const hostile = progress(0.5, '\x1b[33;44Hhere\x07there');
    const text = drawn([progress(0.1, 'x', 'unknown'), start, hostile, end]);
    expect(text).toContain('herethere');
    expect(text).not.toContain('\x1b[33;44H');
    expect(text).not.toContain('unknown');
  });

  it('leaves what is prepared for jobs to the lines of those', () => {
    const job = { id: 'j', project: 'p', release: 'r', arch: 'a', toolchain: 't' };
    const text = drawn([
      { type: 'plan', jobs: [job] },
      start,
      progress(0.5),
      end,
      { type: 'job-end', job, status: 'built', milliseconds: 1 },
    ]);
    expect(text).not.toContain('50 %');
    expect(text).toContain('built');
  });
});
