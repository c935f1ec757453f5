import { describe, expect, it } from 'vitest';
import { configOf, subjectOf, type SubjectChanges } from '../../test/support/verify-values.js';
import type { FindingCode } from './finding.js';
import { taintsOf } from './taints.js';

const flags = (
  modinfo: SubjectChanges['modinfo'],
  codes: FindingCode[] = [],
  config: string[] = ['CONFIG_MODULE_SIG'],
) => {
  const findings = codes.map((code) => ({ code, severity: 'warning', message: '' }) as const);
  const { info } = subjectOf({ modinfo: modinfo ?? {} });
  return taintsOf(info.modinfo, configOf(config), findings)
    .map(({ flag }) => flag)
    .join('');
};

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
    expect(flags(modinfo)).toBe(flag);
  });

  it.each([
    'SIGNATURE_MISSING',
    'SIGNATURE_NOT_LAST',
    'SIGNATURE_UNTRUSTED',
    'SIGNATURE_CRYPTO_MISSING',
  ] as const)('is E for %s where the kernel looks at signatures', (code) => {
    expect(flags({}, [code])).toBe('E');
    expect(flags({}, [code], [])).toBe('');
  });

  it.each(['VERMAGIC_MISSING', 'VERSIONS_MISSING'] as const)(
    'is F for %s that is let pass',
    (code) => {
      expect(flags({}, [code])).toBe('F');
    },
  );

  it('is several at once, and says why', () => {
    const { info } = subjectOf({ modinfo: { license: ['MIT'], intree: undefined } });
    expect(taintsOf(info.modinfo, configOf(), [])).toEqual([
      { flag: 'P', reason: "its licence is 'MIT'" },
      { flag: 'O', reason: 'it is built out of tree' },
    ]);
  });

  it('calls a licence that is not there as the kernel does', () => {
    const { info } = subjectOf({ modinfo: { license: undefined } });
    expect(taintsOf(info.modinfo, configOf(), [])[0]?.reason).toContain("'unspecified'");
  });
});
