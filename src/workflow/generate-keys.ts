import { X509Certificate } from 'node:crypto';
import { KbuildError } from '../errors/kbuild-error.js';
import { makeKeyPair, type KeyPairOptions } from '../release/key-pair.js';
import { findPassphrase, passphraseHint, type PassphraseSources } from '../release/passphrase.js';
import {
  checkNoKeys,
  keyPairFiles,
  writeKeyPair,
  type KeyPairFiles,
} from '../release/write-key-pair.js';

export interface GenerateKeysRequest extends Omit<KeyPairOptions, 'passphrase'> {
  directory: string;
  /** Encrypts the private key with a passphrase from these sources. */
  encrypt?: PassphraseSources | undefined;
}

export interface GeneratedKeys extends KeyPairFiles {
  /** As `openssl x509 -fingerprint -sha256` shows it. */
  fingerprint: string;
  /** Serial number, as modinfo shows it as sig_key: upper-case hexadecimal bytes. */
  serial: string;
  /** ISO 8601. */
  validTo: string;
}

/** OpenSSL's own limit (PEM_BUFSIZE): what is longer it could not read again. */
const longestPassphrase = 1023;

/**
 * Makes a key pair for signing modules and writes it to a directory.
 * @throws KbuildError KEYS_FILE_EXISTS, SIGN_KEY for a passphrase, USAGE for a name,
 *   STORAGE_FAILED
 */
export async function generateKeys(request: GenerateKeysRequest): Promise<GeneratedKeys> {
  const { directory, encrypt, ...options } = request;
  checkName(options.name);
  checkNoKeys(keyPairFiles(directory));
  const passphrase = encrypt && (await newPassphrase(encrypt));
  const pair = await makeKeyPair({ ...options, passphrase });
  const files = await writeKeyPair(directory, pair);
  const { fingerprint256, serialNumber, validTo } = new X509Certificate(pair.certificate);
  return {
    ...files,
    fingerprint: fingerprint256,
    serial: serialNumber.match(/../g)?.join(':') ?? '',
    validTo: new Date(validTo).toISOString(),
  };
}

async function newPassphrase(sources: PassphraseSources): Promise<string> {
  const passphrase = await findPassphrase('Passphrase for the new key', sources);
  if (passphrase === undefined || passphrase === '') {
    throw new KbuildError('SIGN_KEY', 'there is no passphrase for the new key', passphraseHint);
  }
  if (Buffer.byteLength(passphrase) <= longestPassphrase) return passphrase;
  throw new KbuildError(
    'SIGN_KEY',
    `the passphrase is longer than ${longestPassphrase} bytes: OpenSSL could not read the key again`,
    'Take a shorter one.',
  );
}

/** RFC 5280, ub-common-name. */
function checkName(name: string): void {
  if (name.length > 0 && name.length <= 64 && !/\p{Cc}/u.test(name)) return;
  throw new KbuildError(
    'USAGE',
    '--name must have 1 to 64 characters, and no control characters',
    'It is what modinfo shows as the signer of a module.',
  );
}
