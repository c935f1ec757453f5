import { describe, expect, it } from 'vitest';
import { openssl } from '../../test/support/openssl.js';
import { algorithmName, colonHex, digestName, digestOids, ecdsaOids } from './pkcs7.js';

/** What openssl calls an object identifier. */
const opensslName = (oid: string): string =>
  openssl('asn1parse', '-genstr', `OID:${oid}`).toString().trim().split(':').at(-1) ?? '';

const digests = Object.entries(digestOids);
const ecdsa = Object.entries(ecdsaOids);

describe('the names of algorithms', () => {
  it.each(digests)('%s is the digest that openssl calls so', (name, oid) => {
    expect(opensslName(oid)).toBe(name);
    expect(digestName(oid)).toBe(name);
  });

  it.each(ecdsa)('%s with ECDSA is what openssl calls so', (name, oid) => {
    expect(opensslName(oid).toLowerCase().replaceAll('_', '-')).toBe(`ecdsa-with-${name}`);
    expect(algorithmName(oid)).toBe('ecdsa');
  });

  it.each([
    ['1.2.840.113549.1.1.1', 'rsa', 'rsaEncryption'],
    ['1.2.840.113549.1.1.11', 'rsa', 'sha256WithRSAEncryption'],
    ['1.2.840.113549.1.1.10', 'rsa-pss', 'rsassaPss'],
    ['1.3.101.112', 'ed25519', 'ED25519'],
  ])('%s is %s, which openssl calls %s', (oid, name, openssls) => {
    expect(algorithmName(oid)).toBe(name);
    expect(opensslName(oid)).toBe(openssls);
  });

  it.each([
    ['2.16.840.1.101.3.4.3.17', 'ml-dsa-44'],
    ['2.16.840.1.101.3.4.3.18', 'ml-dsa-65'],
    ['2.16.840.1.101.3.4.3.19', 'ml-dsa-87'],
  ])('%s is %s (RFC 9882)', (oid, name) => {
    expect(algorithmName(oid)).toBe(name);
  });

  it('leaves an unknown one its number', () => {
    expect(digestName('1.2.3')).toBeUndefined();
    expect(algorithmName('1.2.3')).toBe('1.2.3');
  });
});

describe('colonHex', () => {
  it.each([
    ['', ''],
    ['0A', '0A'],
    ['0A0B0C', '0A:0B:0C'],
  ])('writes %j as %j', (hex, text) => {
    expect(colonHex(hex)).toBe(text);
  });
});
