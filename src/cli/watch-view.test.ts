import { describe, expect, it } from 'vitest';
import { plainStyle } from '../../test/support/styles.js';
import type { JobRecord, Manifest } from '../artifact/manifest-schema.js';
import type { Diagnostic } from '../events/event.js';
import { formatRound } from './watch-view.js';

function round(jobs: [id: string, status: JobRecord['status'], said?: Diagnostic['severity'][]][]) {
  const records = jobs.map(([id, status, said = []]) => ({
    id,
    status,
    diagnostics: said.map((severity) => ({ severity, message: '' })),
  }));
  const manifest = { milliseconds: 1234, jobs: records } as unknown as Manifest;
  return formatRound(manifest, plainStyle);
}

describe('formatRound', () => {
  it('says in one line what was rebuilt, and what the compiler said of it', () => {
    expect(round([['a-6.1', 'built']])).toBe('rebuilt a-6.1 in 1.23 s');
    expect(
      round([
        ['a', 'built', ['warning', 'note']],
        ['b', 'cached', ['warning']],
        ['c', 'failed', ['error', 'error', 'warning']],
        ['d', 'skipped'],
      ]),
    ).toBe('rebuilt a, 1 failed, 1 skipped, 1 unchanged, 2 errors, 2 warnings in 1.23 s');
  });

  it('names few of many', () => {
    const built = ['a', 'b', 'c', 'd', 'e'].map((id) => [id, 'built'] as [string, 'built']);
    expect(round(built)).toBe('rebuilt a, b, c, 2 more in 1.23 s');
  });

  it('says that there was nothing to do', () => {
    expect(round([['a', 'cached']])).toBe('nothing to rebuild: 1 job from the cache in 1.23 s');
    expect(
      round([
        ['a', 'cached', ['warning']],
        ['b', 'cached'],
      ]),
    ).toBe('nothing to rebuild: 2 jobs from the cache in 1.23 s');
  });
});
