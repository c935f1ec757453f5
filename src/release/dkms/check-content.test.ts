import { describe, expect, it } from 'vitest';
import { kbuildErrorOf } from '../../../test/support/kbuild-error-of.js';
import { checkContent } from './check-content.js';

const entry = (path: string, more: { content?: string; link?: string } = {}) => ({
  ...{ path, content: '', executable: false, ...more },
});

describe('checkContent', () => {
  it.each([
    [
      'a link to a path of this machine',
      entry('l', { link: '/etc/passwd' }),
      'leads to /etc/passwd',
    ],
    ['a link that leaves the tree', entry('a/l', { link: '../../x' }), 'leads to ../../x'],
    ['a name in two lines', entry('a\nb'), String.raw`"a\nb"`],
    [
      'a private key of any kind',
      entry('a/k', { content: 'x\n-----BEGIN OPENSSH PRIVATE KEY-----\n' }),
      'a/k of demo',
    ],
  ])('refuses %s', async (_, bad, what) => {
    const error = await kbuildErrorOf(() => {
      checkContent([entry('fine'), bad], 'demo');
    });
    expect(error.code).toBe('DKMS_PACK_CONTENT');
    expect(error.message).toContain(what);
  });

  it('takes links within, names in any language, and what only looks like a key', () => {
    checkContent(
      [
        entry('a/größe', { link: '../b' }),
        entry('a/c/l', { link: '../..' }),
        entry('cert', { content: '-----BEGIN CERTIFICATE-----' }),
        entry('der', { content: '0\u0001\u0002' }),
      ],
      'demo',
    );
  });
});
