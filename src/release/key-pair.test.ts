import { createPrivateKey, X509Certificate } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openssl } from '../../test/support/openssl.js';
import { temporaryDirectory } from '../../test/support/temporary-directory.js';
import { makeKeyPair, type KeyKind } from './key-pair.js';

const directory = temporaryDirectory();
const kinds: KeyKind[] = [
  { algorithm: 'rsa', bits: 2048 },
  { algorithm: 'ecdsa', curve: 'P-256' },
  { algorithm: 'ecdsa', curve: 'P-384' },
  { algorithm: 'ecdsa', curve: 'P-521' },
];
const [rsa] = kinds as [KeyKind];

function x509Text(certificate: Buffer): string {
  const path = join(directory, 'cert.der');
  writeFileSync(path, certificate);
  return openssl('x509', '-inform', 'DER', '-in', path, '-noout', '-text').toString();
}

describe('makeKeyPair', () => {
  it.each(kinds)('makes a certificate that openssl verifies with its own key: %o', async (kind) => {
    const { privateKey, certificate } = await makeKeyPair({ kind, name: 'Größe', days: 30 });
    const parsed = new X509Certificate(certificate);
    const path = join(directory, 'cert.pem');
    writeFileSync(path, parsed.toString());
    expect(
      openssl('verify', '-check_ss_sig', '-x509_strict', '-CAfile', path, path).toString(),
    ).toBe(`${path}: OK\n`);
    expect(parsed.checkPrivateKey(createPrivateKey(privateKey))).toBe(true);
    expect(parsed.subject).toBe('CN=Größe');
    expect(parsed.issuer).toBe('CN=Größe');
  });

  it("has the extensions of the kernel's own certificate, as openssl makes them, and two usages", async () => {
    const { privateKey, certificate } = await makeKeyPair({ kind: rsa, name: 'x', days: 36500 });
    // certs/default_x509.genkey of the kernel, with the usages that shim looks for. Without
    // `always`, OpenSSL 3 leaves out the authority's identifier where it is the subject's own.
    const config = join(directory, 'x509.genkey');
    writeFileSync(
      config,
      `[ req ]
distinguished_name = dn
prompt = no
string_mask = utf8only
x509_extensions = exts
[ dn ]
CN = x
[ exts ]
basicConstraints=critical,CA:FALSE
keyUsage=digitalSignature
extendedKeyUsage=codeSigning,1.3.6.1.4.1.2312.16.1.2
subjectKeyIdentifier=hash
authorityKeyIdentifier=keyid:always
`,
    );
    const [key, cert] = [join(directory, 'key.pem'), join(directory, 'theirs.der')];
    writeFileSync(key, privateKey);
    openssl(
      ...[
        'req',
        '-new',
        '-x509',
        '-utf8',
        '-sha256',
        '-days',
        '36500',
        '-batch',
        '-config',
        config,
      ],
      ...['-key', key, '-outform', 'DER', '-out', cert],
    );
    const theirs = openssl('x509', '-inform', 'DER', '-in', cert, '-noout', '-text').toString();
    // What differs is random, or the time of day.
    const comparable = (text: string) =>
      text
        .replace(/Serial Number:\s+.*\n/, '')
        .replaceAll(/Not (Before|After ?):.*\n/g, '')
        .replace(/Signature Value:[^]*$/, '');
    expect(comparable(x509Text(certificate))).toBe(comparable(theirs));
    expect(comparable(theirs)).toContain('Authority Key Identifier');
  });

  it('is valid for as many days as asked, and longer than UTCTime can say', async () => {
    for (const days of [1, 36500]) {
      const { certificate } = await makeKeyPair({ kind: rsa, name: 'x', days });
      const { validFrom, validTo } = new X509Certificate(certificate);
      expect(Date.parse(validTo) - Date.parse(validFrom)).toBe(days * 24 * 3600 * 1000);
      expect(Math.abs(Date.now() - Date.parse(validFrom))).toBeLessThan(60_000);
      writeFileSync(join(directory, 'cert.der'), certificate);
      const shape = openssl('asn1parse', '-inform', 'DER', '-in', join(directory, 'cert.der'));
      expect(shape.toString().match(/(UTCTIME|GENERALIZEDTIME) +:\d+Z$/gm)).toHaveLength(2);
    }
  });

  it('has another serial number each time: positive, and of at most 20 bytes', async () => {
    const serials = new Set<string>();
    for (let i = 0; i < 8; i++) {
      const pair = await makeKeyPair({ kind: kinds[1]!, name: 'x', days: 1 });
      serials.add(new X509Certificate(pair.certificate).serialNumber);
    }
    expect(serials.size).toBe(8);
    for (const serial of serials) expect(serial).toMatch(/^[4-7][0-9A-F]{39}$/);
  });

  it('encrypts the private key, as openssl can read it again', async () => {
    const { privateKey } = await makeKeyPair({
      kind: rsa,
      name: 'x',
      days: 1,
      passphrase: 'sesam ö',
    });
    const path = join(directory, 'encrypted.pem');
    writeFileSync(path, privateKey);
    expect(privateKey).toMatch(/^-----BEGIN ENCRYPTED PRIVATE KEY-----/);
    const read = (passphrase: string) =>
      openssl('pkey', '-in', path, '-passin', `pass:${passphrase}`);
    expect(read('sesam ö').toString()).toContain('BEGIN PRIVATE KEY');
    expect(() => read('sesam')).toThrow();
  });
});
