import { describe, expect, it } from 'vitest';
import { kbuildErrorOf } from '../../../../test/support/kbuild-error-of.js';
import { rpmVersion } from './rpm-version.js';

describe('rpmVersion', () => {
  it('makes a Debian revision the release', () => {
    const code = 'PACKAGE_VERSION';
    expect(rpmVersion('0.3.0-1', code)).toEqual({ version: '0.3.0', release: '1' });
    expect(rpmVersion('r12', code)).toEqual({ version: 'r12', release: '1' });
  });

  it.each(['1.0-rc1', '1.0-x', '1-2-3'])('refuses %s', async (version) => {
    const error = await kbuildErrorOf(() => rpmVersion(version, 'PACKAGE_VERSION'));
    expect(error.code).toBe('PACKAGE_VERSION');
  });
});
