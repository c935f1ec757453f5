import { describe, expect, it } from 'vitest';
import { kbuildErrorOf } from '../../../test/support/kbuild-error-of.js';
import { readDkmsConf } from './read-conf.js';

describe('readDkmsConf', () => {
  it('reads plain texts in any quotes, with CRLF, the last one counting', () => {
    const text = [
      "PACKAGE_NAME='old'",
      'PACKAGE_NAME="demo" # a comment',
      ' PACKAGE_VERSION=1.2-3',
      'BUILD_DEPENDS[0]="exporter"',
      'BUILD_DEPENDS[1]="other third"',
      'BUILD_EXCLUSIVE_KERNEL_MIN="5.10"',
    ].join('\r\n');
    expect(readDkmsConf(text, 'dkms.conf')).toEqual({
      name: 'demo',
      version: '1.2-3',
      buildDepends: ['exporter', 'other', 'third'],
      limitsKernels: true,
    });
  });

  it.each([
    ['PACKAGE_VERSION=1', 'DKMS_PACK_NAME', 'no line PACKAGE_NAME'],
    ['PACKAGE_NAME=a', 'DKMS_PACK_VERSION', 'no line PACKAGE_VERSION'],
    ['PACKAGE_NAME=a\nPACKAGE_VERSION="$(git describe)"', 'DKMS_PACK_VERSION', 'known only when'],
    ['PACKAGE_NAME=a\nPACKAGE_VERSION="#MODULE_VERSION#"', 'DKMS_PACK_VERSION', 'known only when'],
  ])('refuses %j', async (text, code, why) => {
    const error = await kbuildErrorOf(() => readDkmsConf(text, 'dkms.conf'));
    expect(error.code).toBe(code);
    expect(error.message).toContain(why);
  });
});
