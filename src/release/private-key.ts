import { createPrivateKey, sign, type KeyObject, type X509Certificate } from 'node:crypto';
import { KbuildError } from '../errors/kbuild-error.js';
import { keyType } from './key-type.js';
import { findPassphrase, passphraseHint, type PassphraseSources } from './passphrase.js';
import { readBounded } from '../storage/read-bounded.js';
import type { SignatureHash, SigningKey } from './signing-key.js';

/** A key and its certificate, as messages name them: paths, or a URI for the key. */
export interface KeyPairNames {
  key: string;
  cert: string;
}

/**
 * Opens a private key in a file, PEM. Its passphrase is asked for only where it is encrypted
 * (PKCS#8, or OpenSSL's traditional form).
 * @throws KbuildError SIGN_KEY if it cannot be read, or is not that of the certificate
 */
export async function openPrivateKey(
  { key: path, cert }: KeyPairNames,
  certificate: X509Certificate,
  sources: PassphraseSources,
): Promise<SigningKey> {
  const pem = readKeyFile(path);
  const key = isEncrypted(pem)
    ? decryptKey(pem, path, await findPassphrase(`Passphrase of the key ${path}`, sources))
    : parseKey(pem, path);
  if (!certificate.checkPrivateKey(key)) throw foreignCertificate({ key: path, cert });
  return {
    type: keyType(key, path),
    sign: (content, hash) => Promise.resolve().then(() => rawSignature(key, path, content, hash)),
  };
}

function rawSignature(
  key: KeyObject,
  path: string,
  content: Uint8Array,
  hash: SignatureHash,
): Uint8Array {
  try {
    return sign(hash, content, key);
  } catch (cause) {
    throw new KbuildError(
      'SIGN_KEY',
      `cannot sign with the key ${path} and ${hash}: ${reason(cause)}`,
      'An RSA key must be longer than the hash: take one of 2048 bits or more.',
      { cause },
    );
  }
}

/** The error where key and certificate are not a pair; both are shown. */
export function foreignCertificate({ key, cert }: KeyPairNames): KbuildError {
  return new KbuildError(
    'SIGN_KEY',
    `the certificate ${cert} is not that of the key ${key}`,
    'Give the certificate that was made with this key.',
  );
}

function readKeyFile(path: string): Buffer {
  try {
    return readBounded(path);
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

/** The first private key of the file: PKCS#8 (RFC 7468), or with the header of RFC 1421. */
function isEncrypted(pem: Buffer): boolean {
  const [, kind, headers = ''] =
    /-----BEGIN ([A-Z ]*)PRIVATE KEY-----\r?\n((?:[\w-]+:.*\n)*)/.exec(pem.toString('latin1')) ??
    [];
  return kind === 'ENCRYPTED ' || /^Proc-Type:\s*4,\s*ENCRYPTED/m.test(headers);
}

function parseKey(pem: Buffer, path: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

function decryptKey(key: Buffer, path: string, passphrase: string | undefined): KeyObject {
  if (passphrase === undefined) {
    throw new KbuildError(
      'SIGN_KEY',
      `cannot read the key ${path}: it is encrypted, and there is no passphrase`,
      passphraseHint,
    );
  }
  try {
    return createPrivateKey({ key, passphrase });
  } catch (cause) {
    throw new KbuildError(
      'SIGN_KEY',
      `cannot read the key ${path} with this passphrase: ${reason(cause)}`,
      'Check the passphrase (KBUILD_SIGN_PIN, or the first line of --passphrase-file).',
      { cause },
    );
  }
}

function unreadable(path: string, cause: unknown): KbuildError {
  return new KbuildError(
    'SIGN_KEY',
    `cannot read the key ${path}: ${reason(cause)}`,
    'It must be a private key in PEM, or a PKCS#11 URI (pkcs11:token=…;object=…).',
    { cause },
  );
}

/** OpenSSL's messages name what is wrong, never what is in the key. */
function reason(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
