import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packageRoot } from '../../data/package-root.js';
import { dkmsFailure, excludedBy } from './failure.js';
import { readDkmsRecord } from './record.js';

const failure = (end: string, detail = '', ...more: string[]) =>
  dkmsFailure(readDkmsRecord(Buffer.from([...more, 'end', end, 'detail', detail, ''].join('\0'))));

describe('dkmsFailure', () => {
  it.each([
    ['empty', '', 'DKMS_CONF_INVALID', /no source beside/],
    ['dependency', 'a, b', 'DKMS_DEPENDENCY_MISSING', /names a, b, which/],
    ['patch-path', '../x', 'DKMS_PATCH_MISSING', /'\.\.\/x', which leaves/],
    ['patch-missing', 'x.patch', 'DKMS_PATCH_MISSING', /no patches\/x\.patch/],
    ['patch-failed', 'x.patch', 'DKMS_PATCH_FAILED', /'x\.patch' does not apply/],
    ['hook', 'PRE_BUILD (x) failed', 'DKMS_HOOK_FAILED', /PRE_BUILD \(x\) failed/],
    ['missing', 'src/x.ko', 'BUILD_MODULE_MISSING', /src\/x\.ko did not come out/],
  ])('says of the end %s what it was, with a hint', (end, detail, code, message) => {
    const report = failure(end, detail);
    expect(report).toMatchObject({ code, message: expect.stringMatching(message) });
    expect(report?.hint).not.toBe('');
  });

  it('names all problems in one message, and no more than can be read', () => {
    const problems = (count: number) =>
      failure(
        'invalid',
        '',
        ...Array.from({ length: count }, (_, i) => ['problem', `p${i}`]).flat(),
      );
    expect(problems(3)?.message).toBe('dkms.conf: p0; p1; p2');
    expect(problems(500)?.message).toMatch(/; p19 \(and 480 more\)$/);
  });

  it.each(['make', 'disk', 'built', 'excluded', 'shown'])('leaves %s to others', (end) => {
    expect(failure(end)).toBeUndefined();
  });

  it('knows each way in which the driver ends', () => {
    const driver = readFileSync(join(packageRoot, 'templates/dkms/driver.bash'), 'utf8');
    const ends = new Set(
      Array.from(driver.matchAll(/\bkt_end \d ([a-z-]+)/g), ([, end = '']) => end),
    );
    expect(ends.size).toBeGreaterThan(10);
    for (const end of ends) {
      const bytes = Buffer.from(`end\0${end}\0`);
      expect(readDkmsRecord(bytes).end).toBe(end);
    }
  });
});

it('an exclusion is told with its rule', () => {
  const report = excludedBy("BUILD_EXCLUSIVE_ARCH is 'vax'");
  expect(report).toMatchObject({ code: 'DKMS_EXCLUDED', message: expect.stringContaining('vax') });
});
