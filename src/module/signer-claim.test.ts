import { execFileSync } from 'node:child_process';
import { verify, X509Certificate } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { KbuildError } from '../errors/kbuild-error.js';
import { fixtureModule } from '../../test/support/fixture-module.js';
import { kbuildErrorOf } from '../../test/support/kbuild-error-of.js';
import {
  cmsSign,
  makeKeyPair,
  openssl,
  type KeyOptions,
  type KeyPair,
} from '../../test/support/openssl.js';
import { temporaryDirectory } from '../../test/support/temporary-directory.js';
import { readSigner } from './signer-claim.js';
import { signatureTrailer } from './signature.js';

const content = fixtureModule('consumer-arm64');
const directory = temporaryDirectory({ 'module.ko': content });
const file = join(directory, 'module.ko');

/** Who signed, as kmod's modinfo says of a module with that message appended. */
function kmodSigner(message: Uint8Array) {
  const signed = join(directory, 'signed.ko');
  writeFileSync(signed, Buffer.concat([content, message, signatureTrailer(message.length)]));
  const field = (name: string) =>
    execFileSync('modinfo', ['-F', name, signed], { encoding: 'utf8' }).trim();
  const value = field('signature').replace(/[:\s]/g, '').toLowerCase();
  return { signer: field('signer'), keyId: field('sig_key'), hash: field('sig_hashalgo'), value };
}

async function ourSigner(message: Uint8Array) {
  const { signer, keyId, hash, value } = await readSigner(message);
  return { signer, keyId, hash, value: Buffer.from(value).toString('hex') };
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const isSignatureOf = (pair: KeyPair, value: Uint8Array) =>
  verify('sha256', content, new X509Certificate(readFileSync(pair.cert)).publicKey, value);

let ec: KeyPair;
let rsa: KeyPair;
let message: Buffer;
beforeAll(() => {
  ec = makeKeyPair(directory, 'ec');
  rsa = makeKeyPair(directory, 'rsa', { algorithm: 'rsa' });
  message = cmsSign(file, ec, 'sha256');
});

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
    const signature = cmsSign(file, makeKeyPair(directory, 'a', options), hash);
    const { algorithm } = await readSigner(signature);
    expect(await ourSigner(signature)).toEqual(kmodSigner(signature));
    expect(algorithm).toBe(options.algorithm === 'rsa' ? 'rsa' : 'ecdsa');
  });

  it('says the same of many signatures, in whatever order they come', async () => {
    const others = Array.from({ length: 6 }, (_, i) => makeKeyPair(directory, `key${i % 3}`));
    const messages = [ec, rsa, ...others, ec, ec, rsa, rsa, ...others].map((pair) =>
      cmsSign(file, pair, 'sha256'),
    );
    for (const each of messages) expect(await ourSigner(each)).toEqual(kmodSigner(each));
  });

  it('gives the value of the signature, whatever stands around it', async () => {
    const more = [[], ['-keyid'], ['-certfile', rsa.cert]];
    for (const options of more) {
      const { value } = await readSigner(cmsSign(file, rsa, 'sha256', ...options));
      expect(value).toHaveLength(256);
      expect(isSignatureOf(rsa, value)).toBe(true);
    }
  });

  it('reads a message that brings certificates and signed attributes', async () => {
    const plain = await readSigner(message);
    const form = ['-sign', '-binary', '-outform', 'DER', '-md', 'sha256', '-in', file];
    const full = openssl('cms', ...form, '-signer', ec.cert, '-inkey', ec.key);
    const { value, ...rest } = await readSigner(full);
    expect(plain).toMatchObject(rest);
    expect(hex(full.subarray(full.length - value.length))).toBe(hex(value));
  });

  it('leaves the name of a certificate without a common name empty', async () => {
    const pair = makeKeyPair(directory, 'b', { subject: '/O=Only a company' });
    expect(await readSigner(cmsSign(file, pair, 'sha256'))).toMatchObject({ signer: '' });
  });

  it("gives the key's identifier where the signature names its key by that", async () => {
    const { signer, keyId, hash } = await readSigner(cmsSign(file, ec, 'sha256', '-keyid'));
    const text = openssl('x509', '-in', ec.cert, '-noout', '-ext', 'subjectKeyIdentifier');
    expect(keyId).toBe(text.toString().trim().split('\n').at(-1)?.trim());
    expect({ signer, hash }).toEqual({ signer: '', hash: 'sha256' });
  });

  it('gives the object identifier of a digest that it does not know', async () => {
    const { hash } = await readSigner(cmsSign(file, rsa, 'sha512-256'));
    expect(hash).toBe('2.16.840.1.101.3.4.2.6');
  });

  it('names RSA-PSS', async () => {
    const pss = cmsSign(file, rsa, 'sha256', '-keyopt', 'rsa_padding_mode:pss');
    expect(await readSigner(pss)).toMatchObject({ algorithm: 'rsa-pss', hash: 'sha256' });
  });
});

describe('a message that is none', () => {
  it.each([
    ['nothing', Buffer.alloc(0)],
    ['a text', Buffer.from('this is no DER')],
    ['another structure', Buffer.from('3003020101', 'hex')],
    ['a number', Buffer.from('020101', 'hex')],
    ['zeros', Buffer.alloc(1000)],
    ['a length beyond the end', Buffer.from('3084ffffffff0000', 'hex')],
    ['parts without end in one another', Buffer.alloc(1_000_000, Buffer.from('3080', 'hex'))],
  ])('is refused: %s', async (_, bytes) => {
    const error = await kbuildErrorOf(() => readSigner(bytes));
    expect(error.code).toBe('MODULE_SIGNATURE_FORMAT');
    expect(error.message).toContain('no PKCS#7 message');
  });

  it('is refused when it is cut off at any byte', async () => {
    for (let length = 0; length < message.length; length++) {
      const error = await kbuildErrorOf(() => readSigner(message.subarray(0, length)));
      expect(error.code).toBe('MODULE_SIGNATURE_FORMAT');
    }
  });

  it('is refused or read, whichever byte is wrong', async () => {
    const codes = new Set<string>();
    for (let offset = 0; offset < message.length; offset++) {
      for (const value of [0x00, 0x30, 0x7f, 0x80, 0xa0, 0xff]) {
        const wrong = Buffer.from(message);
        wrong[offset] = value;
        try {
          await readSigner(wrong);
        } catch (error) {
          codes.add(error instanceof KbuildError ? error.code : String(error));
        }
      }
    }
    expect([...codes]).toEqual(['MODULE_SIGNATURE_FORMAT']);
  });
});
