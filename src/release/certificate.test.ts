import { X509Certificate } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { kbuildErrorOf } from '../../test/support/kbuild-error-of.js';
import { makeKeyPair, openssl } from '../../test/support/openssl.js';
import { temporaryDirectory } from '../../test/support/temporary-directory.js';
import { readCertificate, readCertificates } from './certificate.js';

const directory = temporaryDirectory();
const [one, two] = [makeKeyPair(directory, 'one'), makeKeyPair(directory, 'two')];
const subjects = (path: string) => readCertificates(path).map(({ subject }) => subject);

describe('readCertificates', () => {
  it('reads all certificates of a bundle, with a key and text among them', () => {
    const bundle = join(directory, 'bundle.pem');
    const parts = [one.key, one.cert, two.cert].map((path) => readFileSync(path));
    writeFileSync(
      bundle,
      Buffer.concat([parts[0]!, parts[1]!, Buffer.from('# text\n'), parts[2]!]),
    );
    expect(subjects(bundle)).toEqual([
      'O=kbuild-ts tests\nCN=Signer one',
      'O=kbuild-ts tests\nCN=Signer two',
    ]);
  });

  it('reads one in DER', () => {
    const der = join(directory, 'one.der');
    openssl('x509', '-in', one.cert, '-outform', 'DER', '-out', der);
    expect(subjects(der)).toEqual(subjects(one.cert));
  });

  it.each([
    ['nothing', ''],
    ['no certificate', 'text'],
    ['a broken one', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'],
  ])('refuses a file with %s', async (_, text) => {
    const path = join(directory, 'bad.pem');
    writeFileSync(path, text);
    const error = await kbuildErrorOf(() => readCertificates(path));
    expect(error.code).toBe('SIGN_KEY');
    expect(error.message).toContain(path);
  });
});

describe('readCertificate', () => {
  it('refuses a certificate whose public key is broken', async () => {
    const path = join(directory, 'broken.der');
    const der = new X509Certificate(readFileSync(one.cert)).raw;
    // The object identifier of the curve: prime256v1 becomes one that nobody knows.
    const curve = der.indexOf(Buffer.from('2a8648ce3d030107', 'hex'));
    expect(curve).toBeGreaterThan(0);
    der[curve + 7] = 0x7f;
    writeFileSync(path, der);
    const error = await kbuildErrorOf(() => readCertificate(path));
    expect(error.code).toBe('SIGN_KEY');
    expect(error.message).toContain(path);
  });
});
