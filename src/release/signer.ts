import type { X509Certificate } from 'node:crypto';
import { KbuildError } from '../errors/kbuild-error.js';
import { digestOids } from '../module/pkcs7.js';
import { signatureVerifier, type SignatureVerifier } from '../module/verify-signature.js';
import { attachSignature, withoutSignatures } from './attached.js';
import { readCertificate } from './certificate.js';
import { cmsMessage } from './cms-message.js';
import type { PassphraseSources } from './passphrase.js';
import { isPkcs11Uri } from './pkcs11-uri.js';
import { openPrivateKey } from './private-key.js';
import type { SignatureHash, SigningKey } from './signing-key.js';

export type { SignatureHash } from './signing-key.js';

/** Hashes that modules can be signed with. */
export const signatureHashes = Object.keys(digestOids) as SignatureHash[];

/** What to sign with: a private key (path of a PEM file, or a PKCS#11 URI), and its certificate. */
export interface SignerOptions {
  key: string;
  /** Path, PEM or DER. */
  cert: string;
  hash?: string;
}

/** Signs modules as the kernel's scripts/sign-file does, on this machine and in no container. */
export interface Signer {
  /** The module with a signature appended; those that it had are replaced. */
  sign(module: Uint8Array, hash: SignatureHash): Promise<Uint8Array>;
  /** A signature over all of these bytes, detached: a PKCS#7 message, DER. */
  signDetached(content: Uint8Array, hash: SignatureHash): Promise<Uint8Array>;
  /** The signature alone: RSASSA-PKCS1-v1_5, or ECDSA as DER, which is another one each time. */
  signRaw(content: Uint8Array, hash: SignatureHash): Promise<Uint8Array>;
  /** True if the signature at the end of these bytes is over them and by the certificate's key. */
  verify(module: Uint8Array): Promise<boolean>;
  /** That of the key. */
  readonly certificate: X509Certificate;
  /** The hash that the project asks for, whatever the kernel's own is. */
  readonly hash?: SignatureHash;
}

/**
 * Opens a key and reads its certificate. The passphrase of an encrypted key, or the PIN of a
 * token, comes from KBUILD_SIGN_PIN, as for the kernel's own build, unless other sources are given.
 * @throws KbuildError SIGN_KEY if one cannot be read or used, or they do not belong together;
 *   SIGN_PKCS11 if a token cannot be reached
 */
export async function createSigner(
  signing: SignerOptions,
  sources: PassphraseSources = { environment: process.env },
): Promise<Signer> {
  const certificate = readCertificate(signing.cert);
  return signerOf(await openKey(signing, certificate, sources), certificate, signing.hash);
}

async function openKey(
  signing: SignerOptions,
  certificate: X509Certificate,
  sources: PassphraseSources,
): Promise<SigningKey> {
  if (!isPkcs11Uri(signing.key)) return openPrivateKey(signing, certificate, sources);
  const { openPkcs11Key } = await import('./pkcs11-key.js');
  return openPkcs11Key(signing, certificate, sources);
}

function signerOf(key: SigningKey, certificate: X509Certificate, asked?: string): Signer {
  let verifier: Promise<SignatureVerifier> | undefined;
  const signRaw: Signer['signRaw'] = async (content, hash) => key.sign(content, checkHash(hash));
  const signDetached: Signer['signDetached'] = async (content, hash) =>
    cmsMessage(await signRaw(content, hash), key.type, hash, certificate);
  return {
    ...(asked !== undefined && { hash: checkHash(asked) }),
    certificate,
    signRaw,
    signDetached,
    sign: async (module, hash) => {
      const content = withoutSignatures(module);
      return attachSignature(content, await signDetached(content, hash));
    },
    verify: async (module) => {
      verifier ??= signatureVerifier([certificate]);
      return (await verifier)(module).status === 'valid';
    },
  };
}

function checkHash(hash: string): SignatureHash {
  const known = signatureHashes.find((name) => name === hash);
  if (known !== undefined) return known;
  throw new KbuildError(
    'SIGN_KEY',
    `cannot sign with the hash '${hash}'`,
    `Take one of ${signatureHashes.join(', ')}. Without signing.hash, a build takes the one of the kernel's configuration.`,
  );
}
