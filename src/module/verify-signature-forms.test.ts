import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AsnConvert } from '@peculiar/asn1-schema';
import { CMSVersion, ContentInfo, SignedData } from '@peculiar/asn1-cms';
import { beforeAll, describe, expect, it } from 'vitest';
import { cmsSign, makeKeyPair, openssl, type KeyPair } from '../../test/support/openssl.js';
import { temporaryDirectory } from '../../test/support/temporary-directory.js';
import { signatureTrailer } from './signature.js';
import {
  signatureVerifier,
  type SignatureVerdict,
  type SignatureVerifier,
} from './verify-signature.js';

const content = Buffer.from('\x7fELF: the bytes of a very small module');
const directory = temporaryDirectory({ module: content });
const file = join(directory, 'module');

let ec: KeyPair;
let rsa: KeyPair;
let other: KeyPair;
let message: Buffer;
let verify: SignatureVerifier;
beforeAll(async () => {
  ec = makeKeyPair(directory, 'ec');
  rsa = makeKeyPair(directory, 'rsa', { algorithm: 'rsa' });
  other = makeKeyPair(directory, 'other');
  message = cmsSign(file, ec, 'sha256');
  const certificates = [ec, rsa, other].map(({ cert }) => new X509Certificate(readFileSync(cert)));
  verify = await signatureVerifier(certificates);
});

const withMessage = (bytes: Uint8Array, length = bytes.length): Buffer =>
  Buffer.concat([content, bytes, signatureTrailer(length)]);

/** A signature by the EC key over the module, in a form of openssl's. */
function signed(...args: string[]): Buffer {
  const form = ['-sign', '-binary', '-outform', 'DER', '-md', 'sha256', '-in', file];
  return openssl('cms', ...form, '-signer', ec.cert, '-inkey', ec.key, ...args);
}

/** The message with something changed in its structure. */
function changed(change: (data: SignedData) => void): Buffer {
  const info = AsnConvert.parse(message, ContentInfo);
  const data = AsnConvert.parse(info.content, SignedData);
  change(data);
  info.content = AsnConvert.serialize(data);
  return Buffer.from(AsnConvert.serialize(info));
}

/** A length in as many bytes as it needs, or in four. */
function lengthBytes(length: number, long: boolean): Buffer {
  const four = Buffer.alloc(4);
  four.writeUInt32BE(length);
  if (long) return Buffer.concat([Buffer.of(0x84), four]);
  const needed = four.subarray(four.findIndex((byte) => byte !== 0));
  return length < 128
    ? Buffer.of(length)
    : Buffer.concat([Buffer.of(0x80 + needed.length), needed]);
}

/** DER written again, but for the element of this number (by their order) in a form of BER. */
function reencoded(der: Buffer, element: number, form: 'long' | 'indefinite'): Buffer {
  let count = 0;
  const write = (bytes: Buffer): Buffer => {
    const parts: Buffer[] = [];
    for (let at = 0; at < bytes.length;) {
      const [tag = 0, first = 0] = bytes.subarray(at);
      const more = first < 128 ? 0 : first - 128;
      const length = more === 0 ? first : bytes.readUIntBE(at + 2, more);
      const start = at + 2 + more;
      at = start + length;
      const chosen = count++ === element;
      const constructed = (tag & 0x20) !== 0;
      const body = constructed ? write(bytes.subarray(start, at)) : bytes.subarray(start, at);
      if (chosen && constructed && form === 'indefinite') {
        parts.push(Buffer.of(tag, 0x80), body, Buffer.of(0, 0));
      } else parts.push(Buffer.of(tag), lengthBytes(body.length, chosen && form === 'long'), body);
    }
    return Buffer.concat(parts);
  };
  return write(der);
}

const plain = ['-noattr', '-nocerts'];
const forms: [string, () => Buffer, SignatureVerdict['status'], string][] = [
  ['signed attributes', () => signed('-nocerts'), 'invalid', 'signed attributes'],
  ['certificates', () => signed('-noattr'), 'unsupported', 'certificates of its own'],
  [
    'two signers',
    () => signed(...plain, '-signer', other.cert, '-inkey', other.key),
    'unsupported',
    '2 signers',
  ],
  ['the module within it', () => signed(...plain, '-nodetach'), 'invalid', 'not a detached'],
  ['the module within it, as BER', () => signed(...plain, '-stream'), 'invalid', 'not a detached'],
  ['bytes after it', () => Buffer.concat([message, Buffer.alloc(1)]), 'invalid', 'DER'],
  ['itself after it', () => Buffer.concat([message, message]), 'invalid', 'DER'],
  ['bytes before it', () => Buffer.concat([Buffer.alloc(2), message]), 'invalid', 'DER'],
  ['no message', () => Buffer.alloc(0), 'invalid', 'DER'],
  ['no PKCS#7', () => Buffer.from('3003020101', 'hex'), 'invalid', 'DER'],
  ['no signer', () => changed(({ signerInfos }) => signerInfos.splice(0)), 'invalid', 'agree'],
  [
    'two digests',
    () => changed(({ digestAlgorithms: all }) => all.push(...all)),
    'invalid',
    'agree',
  ],
  ['another version', () => changed((data) => (data.version = CMSVersion.v3)), 'invalid', 'agree'],
];

describe('a signature in a form that is not what the kernel takes', () => {
  it('would be valid in the form that it takes', () => {
    expect(verify(withMessage(message)).status).toBe('valid');
    expect(verify(withMessage(changed(() => undefined))).status).toBe('valid');
    expect(reencoded(message, -1, 'long').equals(message)).toBe(true);
  });

  it.each(forms)('is not valid: %s', (_, make, status, reason) => {
    const verdict = verify(withMessage(make()));
    expect(verdict).toMatchObject({ status, reason: expect.stringContaining(reason) as string });
  });

  it.each(['long', 'indefinite'] as const)('is not valid with one %s length of BER', (form) => {
    const variants = Array.from({ length: 40 }, (_, i) => reencoded(message, i, form));
    const different = variants.filter((variant) => !variant.equals(message));
    expect(different.length).toBeGreaterThan(10);
    for (const variant of different) {
      const reason = expect.stringContaining('DER') as string;
      expect(verify(withMessage(variant))).toMatchObject({ status: 'invalid', reason });
    }
  });

  // ENOPKG of pkcs7_sig_note_pkey_algo and of mod_check_sig: no more than unknown cryptography.
  it('is unsupported: RSA-PSS', () => {
    const pss = cmsSign(file, rsa, 'sha256', '-keyopt', 'rsa_padding_mode:pss');
    expect(verify(withMessage(pss)).status).toBe('unsupported');
  });

  it('is not valid: a header that says more than PKCS#7', () => {
    const module = withMessage(message);
    for (let byte = 0; byte < 8; byte++) {
      const wrong = Buffer.from(module);
      const at = module.length - 40 + byte;
      wrong[at] = (wrong[at] ?? 0) + 1;
      const [status, words] =
        byte === 2
          ? ['unsupported', 'of kind 3, and not PKCS#7']
          : ['invalid', 'PKCS#7 and nothing else'];
      const reason = expect.stringContaining(words) as string;
      expect(verify(wrong)).toMatchObject({ status, reason });
    }
  });

  it('is not valid: a header that says more bytes than there are', () => {
    const verdict = verify(withMessage(message, 0xffffffff));
    const reason = expect.stringContaining('4294967295 bytes') as string;
    expect(verdict).toMatchObject({ status: 'invalid', reason });
  });
});
