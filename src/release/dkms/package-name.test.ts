import { describe, expect, it } from 'vitest';
import { kbuildErrorOf } from '../../../test/support/kbuild-error-of.js';
import { checkDkmsName, checkDkmsVersion, debianName, rpmName } from './package-name.js';

describe('names', () => {
  it('end in -dkms once, in the letters that Debian has', () => {
    expect(debianName('My_Driver')).toBe('my-driver-dkms');
    expect(debianName('jool-dkms')).toBe('jool-dkms');
    expect(rpmName('My_Driver')).toBe('My_Driver-dkms');
  });

  it.each(['a/b', '', 'a b', '-x', '$x'])('cannot be %j for dkms', async (name) => {
    expect((await kbuildErrorOf(() => checkDkmsName(name))).code).toBe('DKMS_PACK_NAME');
    expect((await kbuildErrorOf(() => checkDkmsVersion(name))).code).toBe('DKMS_PACK_VERSION');
  });
});
