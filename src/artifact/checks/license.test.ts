import { describe, expect, it } from 'vitest';
import { inShort, subjectOf, targetOf } from '../../../test/support/verify-values.js';
import { checkLicense, isGplCompatible } from './license.js';

describe('the check of the licence', () => {
  it('warns of a module that declares none', () => {
    const without = subjectOf({ modinfo: { license: undefined } });
    expect(inShort(checkLicense(without, targetOf()))).toEqual(['warning LICENSE_MISSING']);
  });

  it.each(['GPL', 'Proprietary'])('has nothing to say of one that does: %s', (license) => {
    expect(checkLicense(subjectOf({ modinfo: { license: [license] } }), targetOf())).toEqual([]);
  });
});

describe('isGplCompatible', () => {
  it('looks at the first licence alone, as the kernel does', () => {
    expect(isGplCompatible({ license: ['GPL', 'Proprietary'] })).toBe(true);
    expect(isGplCompatible({ license: ['Proprietary', 'GPL'] })).toBe(false);
    expect(isGplCompatible({})).toBe(false);
  });
});
