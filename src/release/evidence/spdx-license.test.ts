import { SPDX } from '@cyclonedx/cyclonedx-library';
import { describe, expect, it } from 'vitest';
import { sbomLicense } from './spdx-license.js';

const license = (said?: string, declared?: string) =>
  sbomLicense(said, declared, (id) => SPDX.isSupportedSpdxId(id));

describe('the licence of a module in an SBOM', () => {
  it.each([
    ['GPL', { kind: 'id', id: 'GPL-2.0-only' }],
    ['GPL v2', { kind: 'id', id: 'GPL-2.0-only' }],
    ['Dual MIT/GPL', { kind: 'expression', expression: 'MIT OR GPL-2.0-only' }],
    // Which BSD, which MPL, which rights: MODULE_LICENSE does not say.
    ['Dual BSD/GPL', { kind: 'name', name: 'Dual BSD/GPL' }],
    ['Dual MPL/GPL', { kind: 'name', name: 'Dual MPL/GPL' }],
    ['GPL and additional rights', { kind: 'name', name: 'GPL and additional rights' }],
    ['Proprietary', { kind: 'name', name: 'Proprietary' }],
    ['Acme (c) OR else', { kind: 'name', name: 'Acme (c) OR else' }],
  ])('is, where MODULE_LICENSE says %s, what that is in SPDX', (said, expected) => {
    expect(license(said)).toEqual(expected);
  });

  it.each([
    ['GPL-2.0-or-later', { kind: 'id', id: 'GPL-2.0-or-later' }],
    [
      'BSD-3-Clause OR GPL-2.0-only',
      { kind: 'expression', expression: 'BSD-3-Clause OR GPL-2.0-only' },
    ],
    [
      '(GPL-2.0-only WITH Linux-syscall-note) AND MIT',
      { kind: 'expression', expression: '(GPL-2.0-only WITH Linux-syscall-note) AND MIT' },
    ],
  ])('is what the configuration says in SPDX: %s', (declared, expected) => {
    expect(license('GPL', declared)).toEqual(expected);
  });

  it('is what the module says where the configuration has no SPDX', () => {
    expect(license('Dual MIT/GPL', 'GPL')).toMatchObject({ expression: 'MIT OR GPL-2.0-only' });
    expect(license('GPL', 'GPL-2.0-sometimes')).toMatchObject({ id: 'GPL-2.0-only' });
    expect(license(undefined, 'Acme')).toEqual({ kind: 'name', name: 'Acme' });
    expect(license()).toBeUndefined();
  });
});
