import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { makeKeyPair, type KeyOptions } from '../../../test/support/openssl.js';
import { temporaryDirectory } from '../../../test/support/temporary-directory.js';
import { inShort, targetOf, type TargetChanges } from '../../../test/support/verify-values.js';
import type { SignatureVerdict } from '../../module/verify-signature.js';
import { checkSignature, type SignatureSubject } from './signature.js';

const keys = temporaryDirectory();
const certificateOf = (algorithm: NonNullable<KeyOptions['algorithm']>) =>
  new X509Certificate(readFileSync(makeKeyPair(keys, algorithm, { algorithm }).cert));
const [rsa, ec] = [certificateOf('rsa'), certificateOf('ec')];

/** A kernel that verifies signatures with what it has built in. */
const verifying = {
  CONFIG_MODULE_SIG: 'y',
  CONFIG_CRYPTO_SHA256: 'y',
  CONFIG_CRYPTO_SHA512: 'y',
  CONFIG_CRYPTO_RSA: 'y',
};
const forcing = { ...verifying, CONFIG_MODULE_SIG_FORCE: 'y' };

const check = (
  verdict: SignatureVerdict,
  {
    config = verifying,
    strict = false,
    release = '6.12.1',
    ...changes
  }: Partial<SignatureSubject> &
    Pick<TargetChanges, 'config' | 'strict'> & { release?: string } = {},
) =>
  checkSignature(
    { verdict, signer: 'Vendor', hasCertificates: true, followed: false, ...changes },
    targetOf({ config, strict, kdir: { release } }),
  );

const unsigned = { status: 'unsigned' } as const;
const valid = { status: 'valid', certificate: rsa, hash: 'sha256' } as const;
const unknownKey = { status: 'unknown-key', hash: 'sha256' } as const;
const invalid = { status: 'invalid', reason: 'it was changed' } as const;
const unsupported = { status: 'unsupported', reason: 'ML-DSA' } as const;

describe('the check of the signature', () => {
  it('finds nothing for a valid one, however strict', () => {
    for (const config of [verifying, forcing]) {
      for (const strict of [false, true]) expect(check(valid, { config, strict })).toEqual([]);
    }
  });

  it.each([
    ['an unsigned module', unsigned, {}, 'note', 'error', 'SIGNATURE_MISSING'],
    [
      'one that something follows',
      unsigned,
      { followed: true },
      'warning',
      'error',
      'SIGNATURE_NOT_LAST',
    ],
    ['one of an unknown key', unknownKey, {}, 'warning', 'error', 'SIGNATURE_UNTRUSTED'],
    [
      'one without certificates',
      unknownKey,
      { hasCertificates: false },
      'note',
      'error',
      'SIGNATURE_UNVERIFIED',
    ],
    ['an invalid one', invalid, {}, 'error', 'error', 'SIGNATURE_INVALID'],
    [
      'an algorithm that is not known here',
      unsupported,
      {},
      'warning',
      'warning',
      'SIGNATURE_UNSUPPORTED',
    ],
  ] as const)('finds %s, enforced or not', (_, verdict, changes, lenient, enforced, code) => {
    expect(inShort(check(verdict, changes))).toEqual([`${lenient} ${code}`]);
    for (const enforcing of [{ config: forcing }, { strict: true }]) {
      expect(inShort(check(verdict, { ...changes, ...enforcing }))).toEqual([
        `${enforced} ${code}`,
      ]);
    }
  });

  it('says by whom it is signed, and why it is not good', () => {
    expect(check(invalid)[0]?.message).toBe("signed by 'Vendor': it was changed");
    expect(check(unknownKey)[0]?.message).toContain("signed by 'Vendor' (sha256)");
    expect(check(unsigned, { config: forcing })[0]?.message).toContain('signed modules only');
  });

  it.each([valid, unknownKey, invalid, unsupported])(
    'notes of any that the kernel does not look at it: $status',
    (verdict) => {
      const changes = { config: {}, strict: true };
      expect(inShort(check(verdict, changes))).toEqual(['note SIGNATURE_NOT_CHECKED']);
    },
  );

  it('asks for none where the kernel does not', () => {
    expect(check(unsigned, { config: {}, strict: true })).toEqual([]);
    expect(check(unsigned, { config: {}, followed: true })).toEqual([]);
  });

  describe('with what the kernel must have built in', () => {
    it.each([
      ['sha1', 'CONFIG_CRYPTO_SHA1'],
      ['sha224', 'CONFIG_CRYPTO_SHA256'],
      ['sha256', 'CONFIG_CRYPTO_SHA256'],
      ['sha384', 'CONFIG_CRYPTO_SHA512'],
      ['sha512', 'CONFIG_CRYPTO_SHA512'],
      ['sha3-256', 'CONFIG_CRYPTO_SHA3'],
      ['sha3-384', 'CONFIG_CRYPTO_SHA3'],
      ['sha3-512', 'CONFIG_CRYPTO_SHA3'],
    ] as const)('finds that it lacks the digest %s', (hash, option) => {
      const having = { ...verifying, [option]: 'y' };
      expect(check({ ...valid, hash }, { config: having })).toEqual([]);
      const lacking = Object.fromEntries(
        Object.entries(having).filter(([name]) => name !== option),
      );
      const found = check({ ...valid, hash }, { config: lacking });
      expect(inShort(found)).toEqual(['warning SIGNATURE_CRYPTO_MISSING']);
      expect(found[0]?.message).toContain(option);
      expect(inShort(check({ ...valid, hash }, { config: lacking, strict: true }))).toEqual([
        'error SIGNATURE_CRYPTO_MISSING',
      ]);
    });

    it.each([
      [rsa, 'CONFIG_CRYPTO_RSA'],
      [ec, 'CONFIG_CRYPTO_ECDSA'],
    ])('finds that it lacks the cipher of the key', (certificate, option) => {
      const digestsOnly = { CONFIG_MODULE_SIG: 'y', CONFIG_CRYPTO_SHA256: 'y' };
      const verdict = { ...valid, certificate };
      const found = check(verdict, { config: digestsOnly });
      expect(inShort(found)).toEqual(['warning SIGNATURE_CRYPTO_MISSING']);
      expect(found[0]?.message).toContain(option);
      expect(check(verdict, { config: { ...digestsOnly, [option]: 'y' } })).toEqual([]);
    });

    it.each([
      [valid, 'CONFIG_CRYPTO_SHA256'],
      [valid, 'CONFIG_CRYPTO_RSA'],
      [{ ...valid, certificate: ec }, 'CONFIG_CRYPTO_ECDSA'],
    ] as const)('notes what is a module of the kernel, however strict', (verdict, option) => {
      const config = { ...verifying, CONFIG_CRYPTO_ECDSA: 'y', [option]: 'm' };
      for (const changes of [{}, { CONFIG_MODULE_SIG_FORCE: 'y' }]) {
        for (const strict of [false, true]) {
          const found = check(verdict, { config: { ...config, ...changes }, strict });
          expect(inShort(found)).toEqual(['note SIGNATURE_CRYPTO_MODULE']);
          expect(found[0]?.message).toBe(`${option} is a module of the kernel`);
        }
      }
    });

    it('finds SHA-3 for a kernel before 6.7, which knows no such signatures', () => {
      const config = { ...verifying, CONFIG_CRYPTO_SHA3: 'y' };
      const verdict = { ...valid, hash: 'sha3-256' } as const;
      expect(inShort(check(verdict, { config, release: '6.6.30' }))).toEqual([
        'warning SIGNATURE_CRYPTO_MISSING',
      ]);
      expect(check(verdict, { config, release: '6.7.0' })).toEqual([]);
    });
  });
});
