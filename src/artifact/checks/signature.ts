import { isSet } from '../../kernel/config.js';
import { isSince } from '../../kernel/release.js';
import { keyProblem } from '../../module/key-support.js';
import type { SignatureVerdict } from '../../module/verify-signature.js';
import type { Finding } from '../finding.js';
import { finding, type Target } from './subject.js';

/** What the signature of a module came to, and who its signer says to be. */
export interface SignatureSubject {
  verdict: SignatureVerdict;
  /** Common name of the signer's issuer, for what findings say. */
  signer: string;
  /** There were certificates to verify it against. */
  hasCertificates: boolean;
  /** There is a signature in the file, but bytes follow it. */
  followed: boolean;
}

/**
 * What a kernel makes of a module's signature (module_sig_check, kernel/module/signing.c): a broken
 * one is always refused; a missing or unknown one where signatures are enforced.
 */
export function checkSignature(
  subject: SignatureSubject,
  target: Pick<Target, 'config' | 'kdir' | 'strict'>,
): Finding[] {
  const { verdict, signer, hasCertificates, followed } = subject;
  const { config, strict } = target;
  if (!isSet(config, 'CONFIG_MODULE_SIG')) {
    if (verdict.status === 'unsigned') return [];
    const message = `signed by '${signer}', and the kernel checks no signatures`;
    return [finding('SIGNATURE_NOT_CHECKED', 'note', message)];
  }
  const forced = isSet(config, 'CONFIG_MODULE_SIG_FORCE');
  const enforced = forced || strict;
  const untrusted = enforced ? 'error' : 'warning';
  switch (verdict.status) {
    case 'unsigned': {
      if (followed) {
        return [finding('SIGNATURE_NOT_LAST', untrusted, 'bytes follow the signature')];
      }
      const refused = forced ? ', and this kernel loads signed modules only' : '';
      return [finding('SIGNATURE_MISSING', enforced ? 'error' : 'note', `not signed${refused}`)];
    }
    case 'valid':
      return checkCrypto(verdict, target, untrusted);
    case 'invalid':
      return [finding('SIGNATURE_INVALID', 'error', `signed by '${signer}': ${verdict.reason}`)];
    case 'unsupported': {
      const message = `signed by '${signer}': ${verdict.reason}`;
      return [finding('SIGNATURE_UNSUPPORTED', 'warning', message)];
    }
    case 'unknown-key': {
      if (!hasCertificates) {
        const message = `signed by '${signer}' (${verdict.hash}); no certificate to verify it with`;
        return [finding('SIGNATURE_UNVERIFIED', enforced ? 'error' : 'note', message)];
      }
      const message = `signed by '${signer}' (${verdict.hash}), whose certificate is none of those given`;
      return [finding('SIGNATURE_UNTRUSTED', untrusted, message)];
    }
  }
}

/** The digests that each of the kernel's options brings. */
const digestOptions: Record<string, string> = {
  sha1: 'CONFIG_CRYPTO_SHA1',
  sha224: 'CONFIG_CRYPTO_SHA256',
  sha256: 'CONFIG_CRYPTO_SHA256',
  sha384: 'CONFIG_CRYPTO_SHA512',
  sha512: 'CONFIG_CRYPTO_SHA512',
  'sha3-256': 'CONFIG_CRYPTO_SHA3',
  'sha3-384': 'CONFIG_CRYPTO_SHA3',
  'sha3-512': 'CONFIG_CRYPTO_SHA3',
};

const cipherOptions: Record<string, string> = {
  rsa: 'CONFIG_CRYPTO_RSA',
  ec: 'CONFIG_CRYPTO_ECDSA',
};

/** What the kernel needs to verify it; what is a module, it asks modprobe for (crypto/api.c). */
function checkCrypto(
  { hash, certificate }: Extract<SignatureVerdict, { status: 'valid' }>,
  { config, kdir }: Pick<Target, 'config' | 'kdir'>,
  severity: 'error' | 'warning',
): Finding[] {
  if (hash.startsWith('sha3-') && !isSince(kdir.release, 6, 7)) {
    const message = `${kdir.release} knows no signatures with SHA-3: Linux 6.7 brought them`;
    return [finding('SIGNATURE_CRYPTO_MISSING', severity, message)];
  }
  const { publicKey } = certificate;
  const problem = keyProblem(publicKey);
  const late =
    publicKey.asymmetricKeyDetails?.namedCurve === 'secp521r1' && !isSince(kdir.release, 6, 10);
  if (problem !== undefined || late) {
    const message = `the kernel does not take the signer's key: ${problem ?? 'P-521 came with Linux 6.10'}`;
    return [finding('SIGNATURE_CRYPTO_MISSING', severity, message)];
  }
  const cipher = cipherOptions[publicKey.asymmetricKeyType ?? ''];
  return [digestOptions[hash], cipher].flatMap((option) => {
    if (option === undefined || isSet(config, option)) return [];
    return config.get(option) === 'm'
      ? [finding('SIGNATURE_CRYPTO_MODULE', 'note', `${option} is a module of the kernel`)]
      : [finding('SIGNATURE_CRYPTO_MISSING', severity, `${option} is not set`)];
  });
}
