import { describe, expect, it } from 'vitest';
import { plainStyle } from '../../test/support/styles.js';
import type { Comparison, RebuildReport, RebuiltJob } from '../artifact/rebuild/report-schema.js';
import { rebuildSchema } from '../artifact/rebuild/report-schema.js';
import { formatRebuild } from './rebuild-view.js';

const [was, now] = ['a'.repeat(64), 'b'.repeat(64)];
const equal: Comparison = {
  ...{ path: '6.1/arm64/a.ko', verdict: 'equal', except: [], published: 'as-recorded' },
  ...{ was, now: was, differences: [] },
};
const differs: Comparison = {
  ...{ path: '6.1/arm64/b.ko', verdict: 'differs', except: [], published: 'as-recorded' },
  ...{ was, now, firstByte: 128 },
  differences: [
    {
      ...{ part: 'section', name: '.text', first: 64 },
      ...{ was: { offset: 64, size: 312 }, now: { offset: 64, size: 320 } },
    },
    { part: 'section', name: '.gone', was: { offset: 64, size: 312 }, now: null },
    { part: 'section', name: '.new', was: null, now: { offset: 64, size: 312 } },
    { part: 'modinfo', tag: 'srcversion', was: ['A'], now: [] },
  ],
};

const job = (changes: Partial<RebuiltJob> = {}): RebuiltJob => ({
  ...{ id: 'hello-6.1', project: 'hello', release: '6.1', arch: 'arm64', toolchain: 'gcc-12' },
  ...{ status: 'rebuilt', inputs: [], artifacts: [equal] },
  ...changes,
});

function format(jobs: RebuiltJob[], changes: Partial<RebuildReport> = {}): string {
  const report: RebuildReport = {
    ...{ schemaVersion: 1, tool: { name: 'kbuild-ts', version: '0.1.0' } },
    ...{ manifest: '/m/manifest.json', milliseconds: 1234, status: 'equal', inputs: [] },
    ...{ jobs, ignored: [], ...changes },
  };
  expect(rebuildSchema.parse(report)).toEqual(report);
  return formatRebuild(report, plainStyle);
}

describe('formatRebuild', () => {
  it('has a line for each module and a sentence', () => {
    expect(format([job(), job()])).toBe(
      `equal    6.1/arm64/a.ko
equal    6.1/arm64/a.ko

2 modules are equal, byte for byte, to /m/manifest.json, in 1.23 s.`,
    );
  });

  it('says where a module differs, and what may be why', () => {
    const inputs = [{ input: 'sources' as const, detail: 'the sources of hello differ' }];
    expect(format([job({ inputs, artifacts: [equal, differs] })])).toBe(
      `equal    6.1/arm64/a.ko
differs  6.1/arm64/b.ko: .text from 0x40 on (0x80 in the file; 312 bytes, now 320); .gone is gone; .new is new; modinfo srcversion was 'A', now not there

1 of 2 modules is not as in /m/manifest.json, in 1.23 s. Not as it was: the sources of hello differ. 'rebuild --out DIR' keeps what was built.`,
    );
    expect(format([job({ artifacts: [differs] })], { output: '/out' })).toMatch(
      /is as it was: the build is not reproducible\.$/,
    );
  });

  it('says what was not compared, and what an altered file is', () => {
    const unsigned: Comparison = { ...equal, verdict: 'equal-content', except: ['unsigned'], now };
    expect(format([job({ artifacts: [unsigned] })])).toBe(
      `equal    6.1/arm64/a.ko: but for the signature: there was no key, what is signed was compared alone

1 module is equal in content to /m/manifest.json, in 1.23 s.`,
    );
    const altered: Comparison = { ...equal, verdict: 'differs', published: 'altered' };
    expect(format([job({ artifacts: [altered] })])).toContain(
      'a.ko: the file beside the manifest is not the one that the manifest names\n\n1 of 1 module is not as in /m/manifest.json, in 1.23 s. What was built is what the manifest names.',
    );
  });

  it('says what is missing, extra, and could not be built, in one line each', () => {
    const error = { code: 'KERNEL_UNKNOWN', message: 'no\nkernel\u001b[2J', hint: 'name one' };
    const artifacts: Comparison[] = [
      { path: 'a.ko', verdict: 'missing', except: [], was, differences: [] },
      { path: 'b.ko', verdict: 'extra', except: [], now, differences: [] },
    ];
    const jobs = [job({ artifacts }), job({ status: 'not-planned', error, artifacts: [] })];
    expect(format(jobs, { ignored: ['x'] })).toBe(
      `missing  a.ko: it is not built any more
extra    b.ko: the manifest does not have it
failed   hello-6.1: no; kernel [KERNEL_UNKNOWN]
    hint name one

2 of 2 modules are not as in /m/manifest.json, 1 job could not be built again, 1 job of it had given no module, in 1.23 s. All that the manifest tells of its inputs is as it was: the build is not reproducible. 'rebuild --out DIR' keeps what was built.`,
    );
  });
});
