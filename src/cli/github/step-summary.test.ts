import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  failedJobOf,
  jobRecordOf,
  manifestOf,
  warningOf,
} from '../../../test/support/manifest-values.js';
import { temporaryDirectory } from '../../../test/support/temporary-directory.js';
import { appendSummary } from './append-summary.js';
import { stepSummary } from './step-summary.js';

const text = (manifest: Parameters<typeof stepSummary>[1]) =>
  stepSummary('build', manifest).join('\n\n');

describe('stepSummary', () => {
  it('has a row for each job, with its verdict', () => {
    const summary = text(
      manifestOf([
        jobRecordOf({ diagnostics: [warningOf()] }),
        jobRecordOf({ project: 'b', status: 'cached' }),
        failedJobOf('VERIFY_FAILED', { project: 'c' }, 'c.ko: symbols: no foo'),
      ]),
    );
    expect(summary).toContain('### kbuild-ts build: 2 built, 1 failed in 2.00 s');
    expect(summary).toContain(
      '| ✅ built | hello | 6.1.0-56-amd64 | x86\\_64 | gcc-12 | – | 1.50 s |',
    );
    expect(summary).toContain('| ✅ cached | b |');
    expect(summary).toContain('| ❌ symbols | c |');
    expect(summary).toContain('[VERIFY_FAILED]\nc.ko: symbols: no foo\nhint: Mend it.');
    expect(summary).toContain("unused variable 'x' [-Wunused-variable] (1 kernel)");
  });

  it('shows what others wrote word for word: no markup, no end of a block or a row', () => {
    const hostile = 'a|b`c`<img src=x>[l](http://x)@me #1 **b**\n| x |';
    const summary = text(
      manifestOf([
        failedJobOf(
          'BUILD_FAILED',
          { project: hostile, id: 'j' },
          '```\n</details><script>\u001b[2J',
        ),
      ]),
    );
    const rows = summary.split('\n').filter((line) => line.startsWith('|'));
    expect(rows).toHaveLength(3);
    expect(rows[2]!.replaceAll(/\\./g, '').split('|')).toHaveLength(9);
    expect(rows[2]).not.toMatch(/<|@|#1|https?:\/\/|[^\\][`[*]/);
    expect(summary).toContain('\n````text\n');
    expect(summary).not.toContain('\u001b');
  });

  it('counts what went well where there is too much of it', () => {
    const jobs = Array.from({ length: 1000 }, (_, i) => jobRecordOf({ project: `p${i}` }));
    const summary = text(manifestOf([...jobs, failedJobOf('BUILD_FAILED', { project: 'bad' })]));
    expect(summary.match(/^\|/gm)).toHaveLength(3);
    expect(summary).toContain('| bad |');
    expect(summary).toContain('… and 1000 more, none of which failed');
  });
});

describe('appendSummary', () => {
  const file = () => join(temporaryDirectory(), 'summary.md');

  it('appends', () => {
    const path = file();
    writeFileSync(path, '# mine\n');
    appendSummary(path, ['a', 'b']);
    expect(readFileSync(path, 'utf8')).toBe('# mine\na\n\nb\n\n');
  });

  it('stays below what GitHub takes, beside what is there', () => {
    const path = file();
    writeFileSync(path, 'x'.repeat(2 ** 20 - 1000));
    appendSummary(path, ['first', 'é'.repeat(600), 'last']);
    const text = readFileSync(path, 'utf8');
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(2 ** 20);
    expect(text).toContain('first\n\n_The rest does not fit');
    expect(text).not.toContain('last');
  });
});
