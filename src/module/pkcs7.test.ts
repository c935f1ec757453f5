import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { fixtureModule } from '../../test/support/fixture-module.js';
import { kbuildErrorOf } from '../../test/support/kbuild-error-of.js';
import { cmsSign, makeKeyPair, type KeyOptions } from '../../test/support/openssl.js';
import { temporaryDirectory } from '../../test/support/temporary-directory.js';
import { parseSignedData, readSigner } from './pkcs7.js';
import { signatureTrailer } from './signature.js';

const directory = temporaryDirectory({ 'module.ko': fixtureModule('consumer-arm64') });
const file = join(directory, 'module.ko');

/** Who signed, as kmod's modinfo says of a module with that message appended. */
function kmodSigner(message: Uint8Array) {
  const signed = join(directory, 'signed.ko');
  const content = fixtureModule('consumer-arm64');
  writeFileSync(signed, Buffer.concat([content, message, signatureTrailer(message.length)]));
  const field = (name: string) =>
    execFileSync('modinfo', ['-F', name, signed], { encoding: 'utf8' }).trim();
  return { signer: field('signer'), keyId: field('sig_key'), hash: field('sig_hashalgo') };
}

describe('readSigner', () => {
  const cases: [string, string, KeyOptions][] = [
    ['an EC key', 'sha256', {}],
    ['an RSA key', 'sha512', { algorithm: 'rsa' }],
    ['another hash', 'sha384', {}],
    ['a common name among others', 'sha256', { subject: '/C=DE/CN=The signer/O=Company' }],
    ['several common names', 'sha256', { subject: '/CN=First/CN=Second' }],
    ['a name beyond ASCII', 'sha256', { subject: '/CN=Größe 签名' }],
    ['a short serial number', 'sha256', { serial: '01' }],
    ['a serial number whose first bit is set', 'sha256', { serial: '8F00112233' }],
  ];

  it.each(cases)('says what kmod says of a signature by %s', async (_, hash, options) => {
    const message = cmsSign(file, makeKeyPair(directory, 'a', options), hash);
    const signer = await readSigner(message);
    expect(signer).toEqual(kmodSigner(message));
    expect(signer.hash).toBe(hash);
  });

  it('leaves the name of a certificate without a common name empty', async () => {
    const pair = makeKeyPair(directory, 'b', { subject: '/O=Only a company' });
    expect(await readSigner(cmsSign(file, pair, 'sha256'))).toMatchObject({ signer: '' });
  });

  it('leaves signer and key empty where the signature names its key by an identifier', async () => {
    const message = cmsSign(file, makeKeyPair(directory, 'c'), 'sha256', '-keyid');
    expect(await readSigner(message)).toEqual({ signer: '', keyId: '', hash: 'sha256' });
  });

  it('gives the object identifier of a digest that it does not know', async () => {
    const message = cmsSign(file, makeKeyPair(directory, 'd', { algorithm: 'rsa' }), 'sha512-256');
    expect((await readSigner(message)).hash).toBe('2.16.840.1.101.3.4.2.6');
  });
});

describe('parseSignedData', () => {
  let message: Buffer;
  beforeAll(() => {
    message = cmsSign(file, makeKeyPair(directory, 'e'), 'sha256');
  });

  it('reads a message that openssl wrote', async () => {
    const { signerInfos, certificates } = await parseSignedData(message);
    expect(signerInfos).toHaveLength(1);
    expect(certificates).toBeUndefined();
  });

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['a text', Buffer.from('this is no DER')],
    ['another structure', Buffer.from('3003020101', 'hex')],
  ])('refuses %s', async (_, bytes) => {
    const error = await kbuildErrorOf(() => parseSignedData(bytes));
    expect(error.code).toBe('MODULE_SIGNATURE_FORMAT');
    expect(error.message).toContain('no PKCS#7 message');
  });

  it('refuses a message that is cut off at any byte', async () => {
    for (let length = 0; length < message.length; length++) {
      const error = await kbuildErrorOf(() => parseSignedData(message.subarray(0, length)));
      expect(error.code).toBe('MODULE_SIGNATURE_FORMAT');
    }
  });
});
