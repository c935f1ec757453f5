import { describe, expect, it } from 'vitest';
import { kbuildErrorOf } from '../../test/support/kbuild-error-of.js';
import { isPkcs11Uri, parsePkcs11Uri } from './pkcs11-uri.js';

describe('parsePkcs11Uri', () => {
  it.each([
    ['pkcs11:token=a;object=b', { uri: 'pkcs11:token=a;object=b' }],
    ['PKCS11:token=a', { uri: 'pkcs11:token=a' }],
    ['pkcs11:token=a;object=b?pin-value=1234', { uri: 'pkcs11:token=a;object=b', pin: '1234' }],
    ['pkcs11:token=a?pin-value=%31%3B2%26', { uri: 'pkcs11:token=a', pin: '1;2&' }],
    ['pkcs11:token=a?pin-value=a=b', { uri: 'pkcs11:token=a', pin: 'a=b' }],
    [
      'pkcs11:token=a;pin-value=1234;type=private',
      { uri: 'pkcs11:token=a;type=private', pin: '1234' },
    ],
    ['pkcs11:token=a?pin-source=file:/run/pin', { uri: 'pkcs11:token=a', pinFile: '/run/pin' }],
    ['pkcs11:token=a?pin-source=file:///run/pin', { uri: 'pkcs11:token=a', pinFile: '/run/pin' }],
    ['pkcs11:token=a?pin-source=/run/my%20pin', { uri: 'pkcs11:token=a', pinFile: '/run/my pin' }],
    [
      'pkcs11:id=%01%02;token=My%20token?module-path=/lib/x.so&pin-value=9&x=y',
      { uri: 'pkcs11:id=%01%02;token=My%20token?x=y', pin: '9', modulePath: '/lib/x.so' },
    ],
  ])('takes %s apart', (text, parsed) => {
    expect(parsePkcs11Uri(text)).toEqual(parsed);
  });

  it.each([
    'pkcs11:token=a;object=b&pin-value=13572468',
    'pkcs11:token=a?object=pin-value=13572468',
    'pkcs11:token=a;PIN-VALUE=13572468',
    'pkcs11:token=a;pin%2Dvalue=13572468',
    'pkcs11:token=a;pin_value=x;object=pinvalue=13572468',
    'pkcs11:token=a?pin-value=13572468&pin-value=13572468',
    'pkcs11:token=a?pin-value=13572468%',
    'pkcs11:token=a?pin-value=13572468%ff',
    'pkcs11:token=%zz?pin-value=13572468',
    'pkcs11:?pin-value=13572468',
    'pkcs11:token=a?pin-source=|echo 13572468',
  ])('refuses %s, and repeats nothing of it', async (text) => {
    const error = await kbuildErrorOf(() => parsePkcs11Uri(text));
    expect(error.code).toBe('SIGN_KEY');
    expect(`${error.message}${error.hint}${String(error.cause)}`).not.toContain('13572468');
  });
});

describe('isPkcs11Uri', () => {
  it('knows a URI from a path', () => {
    expect(['pkcs11:token=a', 'PKCS11:'].map(isPkcs11Uri)).toEqual([true, true]);
    expect(['./pkcs11:x', 'key.pem', '/pkcs11:'].map(isPkcs11Uri)).toEqual([false, false, false]);
  });
});
