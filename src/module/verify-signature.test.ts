import { X509Certificate } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AsnConvert, OctetString } from '@peculiar/asn1-schema';
import { ContentInfo, SignedData } from '@peculiar/asn1-cms';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  cmsSign,
  makeKeyPair,
  openssl,
  type KeyOptions,
  type KeyPair,
} from '../../test/support/openssl.js';
import { temporaryDirectory } from '../../test/support/temporary-directory.js';
import { digestOids, ecdsaOids } from './pkcs7.js';
import { signatureTrailer } from './signature.js';
import { signatureVerifier, type SignatureVerdict } from './verify-signature.js';

const content = Buffer.from('\x7fELF: the bytes of a very small module');
const directory = temporaryDirectory({ module: content });
const inDirectory = (name: string) => join(directory, name);
const file = inDirectory('module');

/** One name and number for keys of all kinds: a signature cannot tell their certificates apart. */
const same = { subject: '/CN=Same name', serial: '1234' };
const keyPairOf = (name: string, options: KeyOptions = {}) => makeKeyPair(directory, name, options);
const certificateOf = ({ cert }: KeyPair) => new X509Certificate(readFileSync(cert));

const withMessage = (message: Uint8Array, length = message.length): Buffer =>
  Buffer.concat([content, message, signatureTrailer(length)]);
const signedBy = (pair: KeyPair, hash = 'sha256', ...more: string[]): Buffer =>
  withMessage(cmsSign(file, pair, hash, ...more));

async function verdictOf(module: Uint8Array, ...pairs: KeyPair[]): Promise<SignatureVerdict> {
  return (await signatureVerifier(pairs.map(certificateOf)))(module);
}

/** A message with something changed in its structure. */
function changed(message: Uint8Array, change: (data: SignedData) => void): Buffer {
  const info = AsnConvert.parse(message, ContentInfo);
  const data = AsnConvert.parse(info.content, SignedData);
  change(data);
  info.content = AsnConvert.serialize(data);
  return Buffer.from(AsnConvert.serialize(info));
}

let ec: KeyPair;
let rsa: KeyPair;
let other: KeyPair;
beforeAll(() => {
  ec = keyPairOf('ec', same);
  rsa = keyPairOf('rsa', { ...same, algorithm: 'rsa' });
  other = keyPairOf('other');
});

describe('a signature over the module', () => {
  const sha2 = ['sha1', 'sha224', 'sha256', 'sha384', 'sha512'] as const;
  const sha3 = ['sha3-256', 'sha3-384', 'sha3-512'] as const;

  it.each([...sha2, ...sha3])('is valid: RSA with %s', async (hash) => {
    expect(await verdictOf(signedBy(rsa, hash), rsa)).toMatchObject({ status: 'valid', hash });
  });

  it.each(sha2)('is valid: ECDSA with %s', async (hash) => {
    expect(await verdictOf(signedBy(ec, hash), ec)).toMatchObject({ status: 'valid', hash });
  });

  // OpenSSL 3.0 makes no message with ECDSA and SHA-3, but its values.
  it.each(sha3)('is valid: ECDSA with %s', async (hash) => {
    const value = openssl('dgst', `-${hash}`, '-sign', ec.key, file);
    const message = changed(cmsSign(file, ec, 'sha256'), ({ digestAlgorithms, signerInfos }) => {
      for (const digest of digestAlgorithms) digest.algorithm = digestOids[hash];
      for (const info of signerInfos) {
        info.digestAlgorithm.algorithm = digestOids[hash];
        info.signatureAlgorithm.algorithm = ecdsaOids[hash];
        info.signature = new OctetString(value);
      }
    });
    expect(await verdictOf(withMessage(message), ec)).toMatchObject({ status: 'valid', hash });
  });

  it('is valid by the certificate that made it, wherever that stands', async () => {
    const certificates = [other, rsa].map(certificateOf);
    const verdict = (await signatureVerifier(certificates))(signedBy(rsa));
    expect(verdict).toEqual({ status: 'valid', certificate: certificates[1], hash: 'sha256' });
  });

  it("is valid where it names its key by the key's identifier", async () => {
    for (const pair of [ec, rsa]) {
      const verdict = await verdictOf(signedBy(pair, 'sha256', '-keyid'), other, pair);
      expect(verdict.status).toBe('valid');
    }
  });

  it('is valid over a module that was signed before', async () => {
    const once = signedBy(ec);
    writeFileSync(inDirectory('once'), once);
    const message = cmsSign(inDirectory('once'), rsa, 'sha256');
    const twice = Buffer.concat([once, message, signatureTrailer(message.length)]);
    expect((await verdictOf(twice, rsa)).status).toBe('valid');
    expect((await verdictOf(twice, other)).status).toBe('unknown-key');
  });

  it('is valid for many modules with one verifier', async () => {
    const verify = await signatureVerifier([ec, rsa].map(certificateOf));
    const modules = [ec, rsa, ec, other, rsa].map((pair) => verify(signedBy(pair)).status);
    // The names of the first two are the same: both keys are tried.
    expect(modules).toEqual(['valid', 'valid', 'valid', 'unknown-key', 'valid']);
  });
});

describe('a changed bit', { timeout: 60_000 }, () => {
  it.each(['ec', 'rsa'] as const)('is never valid, wherever it is (%s)', async (which) => {
    const pair = { ec, rsa }[which];
    const module = signedBy(pair);
    const verify = await signatureVerifier([certificateOf(pair)]);
    const unseen: string[] = [];
    const seen = new Set<string>();
    for (let offset = 0; offset < module.length; offset++) {
      for (let bit = 0; bit < 8; bit++) {
        module[offset] = (module[offset] ?? 0) ^ (1 << bit);
        const { status } = verify(module);
        if (status === 'valid') unseen.push(`${offset}:${bit}`);
        seen.add(status);
        module[offset] = (module[offset] ?? 0) ^ (1 << bit);
      }
    }
    expect(unseen).toEqual([]);
    expect(verify(module).status).toBe('valid');
    expect([...seen].sort()).toEqual(
      expect.arrayContaining(['invalid', 'unknown-key', 'unsigned']),
    );
  });

  it('is never valid when bytes are missing, at the end or before it', async () => {
    const module = signedBy(ec);
    const verify = await signatureVerifier([certificateOf(ec)]);
    for (let at = 0; at < module.length; at++) {
      expect(verify(module.subarray(0, at)).status).not.toBe('valid');
      const without = Buffer.concat([module.subarray(0, at), module.subarray(at + 1)]);
      expect(verify(without).status).not.toBe('valid');
    }
  });
});

describe('a module that is not signed by a known key', () => {
  it.each([
    ['no signature', content],
    ['no bytes', Buffer.alloc(0)],
    ['a marker in its middle', Buffer.concat([content, signatureTrailer(0), content])],
  ])('is unsigned with %s', async (_, module) => {
    expect(await verdictOf(module, ec)).toEqual({ status: 'unsigned' });
  });

  it('is of an unknown key where no certificate is the signer’s', async () => {
    const verdict = { status: 'unknown-key', hash: 'sha384' };
    expect(await verdictOf(signedBy(rsa, 'sha384'), other)).toEqual(verdict);
    expect(await verdictOf(signedBy(rsa, 'sha384'))).toEqual(verdict);
    expect(await verdictOf(signedBy(rsa, 'sha384', '-keyid'), other, ec)).toEqual(verdict);
  });

  it('is of an unknown key where one of issuer and serial number differs', async () => {
    const subject = keyPairOf('subject', { ...same, subject: '/CN=Another name' });
    const serial = keyPairOf('serial', { ...same, serial: '1235' });
    expect((await verdictOf(signedBy(ec), subject, serial)).status).toBe('unknown-key');
  });

  it('is of an unknown key where the certificate has no identifier to be found by', async () => {
    const [key, cert] = [ec.key, inDirectory('plain.pem')];
    const none = ['-addext', 'subjectKeyIdentifier=none'];
    openssl('req', '-x509', '-new', '-subj', '/CN=Plain', ...none, '-key', key, '-out', cert);
    const module = signedBy(ec, 'sha256', '-keyid');
    expect((await verdictOf(module, { key, cert })).status).toBe('unknown-key');
    expect((await verdictOf(module, { key, cert }, ec)).status).toBe('valid');
  });

  it('names a digest that it does not know', async () => {
    const module = signedBy(rsa, 'sha512-256');
    const hash = '2.16.840.1.101.3.4.2.6';
    expect(await verdictOf(module, other)).toEqual({ status: 'unknown-key', hash });
    const reason = `its digest algorithm ${hash} is not known`;
    expect(await verdictOf(module, rsa)).toEqual({ status: 'unsupported', reason });
  });
});

describe('a certificate of the same name and number, but of another key', () => {
  const kinds: [string, KeyOptions['algorithm'] | 'small', 'ec' | 'rsa', string][] = [
    ['of the same kind', 'rsa', 'rsa', 'invalid'],
    ['of the same kind', 'ec', 'ec', 'invalid'],
    ['of another kind', 'rsa', 'ec', 'invalid'],
    ['of another kind', 'ec', 'rsa', 'invalid'],
    ['too small for the digest', 'small', 'rsa', 'invalid'],
    ['of a kind that signs no modules', 'ed25519', 'ec', 'unsupported'],
  ];
  it.each(kinds)('%s (%s for a signature by %s) is %s', async (_, algorithm, by, status) => {
    const impostor = { key: inDirectory('impostor.key'), cert: inDirectory('impostor.pem') };
    if (algorithm === 'small') {
      const how = ['-newkey', 'rsa:512', '-subj', same.subject, '-set_serial', `0x${same.serial}`];
      const files = ['-keyout', impostor.key, '-out', impostor.cert];
      openssl('req', '-x509', '-nodes', ...how, ...files);
    } else if (algorithm !== undefined) keyPairOf('impostor', { ...same, algorithm });
    expect((await verdictOf(signedBy({ ec, rsa }[by], 'sha512'), impostor)).status).toBe(status);
  });

  it('of an algorithm that OpenSSL does not know is unsupported', async () => {
    const der = certificateOf(ec).raw;
    const ecPublicKey = Buffer.from('2a8648ce3d0201', 'hex');
    der[der.indexOf(ecPublicKey) + 6] = 0x7f;
    const verify = await signatureVerifier([new X509Certificate(der)]);
    expect(verify(signedBy(ec))).toMatchObject({
      status: 'unsupported',
      reason: expect.stringContaining('1.2.840.10045.4.3.2') as string,
    });
  });
});
