import { createPrivateKey, sign, verify, X509Certificate, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { SignerIdentifier } from '@peculiar/asn1-cms';
import { KbuildError } from '../errors/kbuild-error.js';
import { digestOids, loadCms, parseSignedData } from '../module/pkcs7.js';
import { findSignature, signatureTrailer } from '../module/signature.js';

export type SignatureHash = keyof typeof digestOids;

/** What to sign with: paths of a private key (PEM) and its certificate (PEM or DER). */
export interface SignerOptions {
  key: string;
  cert: string;
  hash?: string;
}

/** Signs modules as the kernel's scripts/sign-file does, on this machine and in no container. */
export interface Signer {
  /** The module with a signature appended; one that it had is replaced. */
  sign(module: Uint8Array, hash: SignatureHash): Promise<Uint8Array>;
  /** True if the signature at the end of these bytes is over them and by the certificate's key. */
  verify(module: Uint8Array): Promise<boolean>;
  /** The hash that the project asks for, whatever the kernel's own is. */
  readonly hash?: SignatureHash;
}

const oids = {
  data: '1.2.840.113549.1.7.1',
  signedData: '1.2.840.113549.1.7.2',
  rsa: '1.2.840.113549.1.1.1',
};
/** ecdsa-with-SHA* (RFC 5758; SHA-1: RFC 3279). */
const ecdsaOids: Record<SignatureHash, string> = {
  sha1: '1.2.840.10045.4.1',
  sha224: '1.2.840.10045.4.3.1',
  sha256: '1.2.840.10045.4.3.2',
  sha384: '1.2.840.10045.4.3.3',
  sha512: '1.2.840.10045.4.3.4',
};
const asn1Null = Uint8Array.of(5, 0).buffer;

/**
 * Reads a key and its certificate. An encrypted key's passphrase comes from KBUILD_SIGN_PIN, as
 * for the kernel's own build.
 * @throws KbuildError SIGN_KEY if one cannot be read, or they do not belong together
 */
export function createSigner(
  signing: SignerOptions,
  environment: NodeJS.ProcessEnv = process.env,
): Signer {
  const certificate = readCertificate(signing.cert);
  const key = readKey(signing.key, environment.KBUILD_SIGN_PIN);
  if (!certificate.checkPrivateKey(key)) {
    throw new KbuildError(
      'SIGN_KEY',
      `the certificate ${signing.cert} is not that of the key ${signing.key}`,
      'Give the certificate that was made with this key.',
    );
  }
  if (key.asymmetricKeyType !== 'rsa' && key.asymmetricKeyType !== 'ec') {
    throw new KbuildError(
      'SIGN_KEY',
      `the kernel knows RSA and ECDSA signatures of modules; ${signing.key} is of type ${key.asymmetricKeyType}`,
      'Make an RSA or an EC key.',
    );
  }
  return {
    ...(signing.hash !== undefined && { hash: signing.hash as SignatureHash }),
    sign: (module, hash) => signModule(module, key, certificate, hash),
    verify: (module) => verifyModule(module, certificate),
  };
}

async function signModule(
  module: Uint8Array,
  key: KeyObject,
  certificate: X509Certificate,
  hash: SignatureHash,
): Promise<Uint8Array> {
  const { AsnConvert, OctetString, cms, x509 } = await loadCms();
  const content = unsigned(module);
  const { issuer, serialNumber } = AsnConvert.parse(
    certificate.raw,
    x509.Certificate,
  ).tbsCertificate;
  if (!Object.hasOwn(digestOids, hash)) {
    throw new KbuildError(
      'SIGN_KEY',
      `cannot sign with the hash '${hash}' that the kernel's configuration names`,
      `Name one of ${Object.keys(digestOids).join(', ')} in signing.hash.`,
    );
  }
  // OpenSSL writes the identifiers of digests without parameters (RFC 5754), RSA's with a NULL.
  const digestAlgorithm = new cms.DigestAlgorithmIdentifier({ algorithm: digestOids[hash] });
  const signedData = new cms.SignedData({
    version: cms.CMSVersion.v1,
    digestAlgorithms: new cms.DigestAlgorithmIdentifiers([digestAlgorithm]),
    encapContentInfo: new cms.EncapsulatedContentInfo({ eContentType: oids.data }),
    signerInfos: new cms.SignerInfos([
      new cms.SignerInfo({
        version: cms.CMSVersion.v1,
        sid: new cms.SignerIdentifier({
          issuerAndSerialNumber: new cms.IssuerAndSerialNumber({ issuer, serialNumber }),
        }),
        digestAlgorithm,
        signatureAlgorithm: new cms.SignatureAlgorithmIdentifier(
          key.asymmetricKeyType === 'ec'
            ? { algorithm: ecdsaOids[hash] }
            : { algorithm: oids.rsa, parameters: asn1Null },
        ),
        signature: new OctetString(sign(hash, content, key)),
      }),
    ]),
  });
  const message = Buffer.from(
    AsnConvert.serialize(
      new cms.ContentInfo({
        contentType: oids.signedData,
        content: AsnConvert.serialize(signedData),
      }),
    ),
  );
  return Buffer.concat([content, message, signatureTrailer(message.length)]);
}

async function verifyModule(module: Uint8Array, certificate: X509Certificate): Promise<boolean> {
  const found = findSignature(module);
  if (found === undefined || !found.plain) return false;
  const [info] = (await parseSignedData(found.message)).signerInfos;
  const oid = info?.digestAlgorithm.algorithm;
  const hash = Object.entries(digestOids).find(([, value]) => value === oid)?.[0];
  if (info === undefined || hash === undefined || info.signedAttrs !== undefined) return false;
  if (!(await names(info.sid, certificate))) return false;
  const signature = Buffer.from(info.signature.buffer);
  return verify(hash, module.subarray(0, found.contentLength), certificate.publicKey, signature);
}

/** The kernel looks for a certificate by issuer and serial number, or by its key's identifier. */
async function names(sid: SignerIdentifier, certificate: X509Certificate): Promise<boolean> {
  const { AsnConvert, x509 } = await loadCms();
  const { tbsCertificate } = AsnConvert.parse(certificate.raw, x509.Certificate);
  const same = (a: ArrayBuffer, b: ArrayBuffer) => Buffer.from(a).equals(Buffer.from(b));
  const id = sid.issuerAndSerialNumber;
  if (id !== undefined) {
    return (
      same(id.serialNumber, tbsCertificate.serialNumber) &&
      same(AsnConvert.serialize(id.issuer), AsnConvert.serialize(tbsCertificate.issuer))
    );
  }
  const extension = tbsCertificate.extensions?.find(
    ({ extnID }) => extnID === x509.id_ce_subjectKeyIdentifier,
  );
  if (extension === undefined || sid.subjectKeyIdentifier === undefined) return false;
  const own = AsnConvert.parse(extension.extnValue.buffer, x509.SubjectKeyIdentifier);
  return same(own.buffer, sid.subjectKeyIdentifier.buffer);
}

function unsigned(module: Uint8Array): Uint8Array {
  const found = findSignature(module);
  return found === undefined ? module : module.subarray(0, found.contentLength);
}

function readCertificate(path: string): X509Certificate {
  try {
    return new X509Certificate(readFileSync(path));
  } catch (cause) {
    throw unreadable('certificate', path, cause, 'It must be an X.509 certificate, PEM or DER.');
  }
}

function readKey(path: string, passphrase: string | undefined): KeyObject {
  try {
    const key = readFileSync(path);
    return createPrivateKey({ key, ...(passphrase !== undefined && { passphrase }) });
  } catch (cause) {
    const hint =
      'It must be a private key in PEM. If it is encrypted, put its passphrase into the environment variable KBUILD_SIGN_PIN.';
    throw unreadable('key', path, cause, hint);
  }
}

function unreadable(what: string, path: string, cause: unknown, hint: string): KbuildError {
  // OpenSSL's messages name what is wrong, never what is in the key.
  const why = cause instanceof Error ? cause.message : String(cause);
  return new KbuildError('SIGN_KEY', `cannot read the ${what} ${path}: ${why}`, hint, { cause });
}
