import { describe, expect, it } from 'vitest';
import {
  subjectOf,
  targetOf,
  type SubjectChanges,
  type TargetChanges,
} from '../../test/support/verify-values.js';
import type { FindingCode } from './finding.js';
import { taintsOf } from './taints.js';

const taints = (
  subject: SubjectChanges,
  target: TargetChanges = { config: ['CONFIG_MODULE_SIG'] },
  codes: FindingCode[] = [],
) => {
  const findings = codes.map((code) => ({ code, severity: 'warning', message: '' }) as const);
  return taintsOf(subjectOf(subject), targetOf(target), findings);
};
const flags = (...args: Parameters<typeof taints>) =>
  taints(...args)
    .map(({ flag }) => flag)
    .join('');

// Documentation/admin-guide/tainted-kernels.rst; kernel/module/main.c of 6.1.
describe('taintsOf', () => {
  it('is nothing for a signed module of the kernel’s own tree', () => {
    expect(flags({})).toBe('');
  });

  it.each([
    ['P', { license: ['Proprietary'] }],
    ['P', { license: undefined }],
    ['C', { staging: ['Y'] }],
    ['O', { intree: undefined }],
    ['K', { livepatch: ['Y'] }],
    ['N', { test: ['Y'] }],
  ])('is %s for %j', (flag, modinfo) => {
    expect(flags({ modinfo })).toBe(flag);
  });

  it.each([
    'SIGNATURE_MISSING',
    'SIGNATURE_NOT_LAST',
    'SIGNATURE_UNTRUSTED',
    'SIGNATURE_CRYPTO_MISSING',
  ] as const)('is E for %s where the kernel looks at signatures', (code) => {
    expect(flags({}, undefined, [code])).toBe('E');
    expect(flags({}, {}, [code])).toBe('');
  });

  it.each(['VERMAGIC_MISSING', 'VERSIONS_MISSING', 'EXPORT_CRC_MISSING'] as const)(
    'is F for %s that is let pass',
    (code) => {
      expect(flags({}, undefined, [code])).toBe('F');
    },
  );

  describe('of a module that uses symbols of a proprietary one', () => {
    const proprietary = { name: 'f', module: 'base', proprietary: true };
    const subject = { imports: [{ name: 'f', weak: false }] };

    // inherit_taint, kernel/module/main.c
    it('is P too, and says whose', () => {
      expect(taints(subject, { siblings: [proprietary] })).toEqual([
        { flag: 'P', reason: 'it uses symbols of base, which is proprietary' },
      ]);
    });

    it('is nothing if the other is not, or exports others alone', () => {
      const free = { ...proprietary, proprietary: false };
      expect(flags(subject, { siblings: [free] })).toBe('');
      expect(flags({}, { siblings: [proprietary] })).toBe('');
    });

    it('is P once if both are', () => {
      const both = { ...subject, modinfo: { license: ['MIT'] } };
      expect(taints(both, { siblings: [proprietary] })).toEqual([
        { flag: 'P', reason: "its licence is 'MIT'" },
      ]);
    });
  });

  it('is several at once, and says why', () => {
    expect(taints({ modinfo: { license: ['MIT'], intree: undefined } })).toEqual([
      { flag: 'P', reason: "its licence is 'MIT'" },
      { flag: 'O', reason: 'it is built out of tree' },
    ]);
  });

  it('calls a licence that is not there as the kernel does', () => {
    const [found] = taints({ modinfo: { license: undefined } });
    expect(found?.reason).toContain("'unspecified'");
  });
});
