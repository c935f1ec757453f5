import { describe, expect, it } from 'vitest';
import { kbuildErrorOf } from '../../test/support/kbuild-error-of.js';
import { defaultKernelRef, parseKernelRef } from './ref.js';

describe('parseKernelRef', () => {
  it.each([
    ['host', { provider: 'host' }],
    ['debian:bookworm', { provider: 'debian', suite: 'bookworm' }],
    [
      'debian:bookworm/6.1.0-56-arm64',
      { provider: 'debian', suite: 'bookworm', release: '6.1.0-56-arm64' },
    ],
    [
      'debian:trixie/6.12.43+deb13-cloud-amd64',
      { provider: 'debian', suite: 'trixie', release: '6.12.43+deb13-cloud-amd64' },
    ],
    [
      'debian:trixie/6.12~rc1-amd64',
      { provider: 'debian', suite: 'trixie', release: '6.12~rc1-amd64' },
    ],
    ['/usr/src/linux', { provider: 'path', path: '/usr/src/linux' }],
    ['./linux', { provider: 'path', path: './linux' }],
    ['../linux', { provider: 'path', path: '../linux' }],
    ['.', { provider: 'path', path: '.' }],
    ['~/linux', { provider: 'path', path: '~/linux' }],
  ])('reads %s', (text, expected) => {
    expect(parseKernelRef(text)).toEqual(expected);
  });

  it('reads its own default', () => {
    expect(parseKernelRef(defaultKernelRef).provider).toBe('debian');
  });

  it.each([
    '',
    'bookworm',
    '6.1.0-56-arm64',
    'debian',
    'debian:',
    'debian:bookworm/',
    'debian:bookworm/6.1.0/amd64',
    'debian:bookworm/$(reboot)',
    'debian:BOOKWORM',
    'fedora:41',
    'hosts',
    ' host',
  ])('refuses %j, and says what there is', async (text) => {
    const error = await kbuildErrorOf(() => parseKernelRef(text));
    expect(error.code).toBe('KERNEL_REF');
    expect(error.message).toBe(`'${text}' is no kernel reference`);
    expect(error.hint).toContain('debian:<suite>/<release>');
  });

  it('refuses a suite that it does not know, with the nearest', async () => {
    const error = await kbuildErrorOf(() => parseKernelRef('debian:trixy'));
    expect(error.code).toBe('KERNEL_UNKNOWN');
    expect(error.hint).toContain("Did you mean 'trixie'?");
  });
});
