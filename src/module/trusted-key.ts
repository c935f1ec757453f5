import type { KeyObject, X509Certificate } from 'node:crypto';
import type { SignerInfo } from '@peculiar/asn1-cms';
import type { Certificate, TBSCertificate } from '@peculiar/asn1-x509';
import { KbuildError } from '../errors/kbuild-error.js';
import type { loadCms } from './pkcs7.js';

/** The ASN.1 code, loaded. */
export type Cms = Awaited<ReturnType<typeof loadCms>>;

/** A certificate, and by what a signature finds it: issuer and serial number, or key identifier. */
export interface TrustedKey {
  certificate: X509Certificate;
  issuer: Buffer;
  serial: Buffer;
  keyIdentifier?: Buffer;
}

/** @throws KbuildError SIGN_KEY for a certificate that cannot be read */
export function trustedKey(certificate: X509Certificate, tools: Cms): TrustedKey {
  const { AsnConvert } = tools;
  const { tbsCertificate } = parseCertificate(certificate, tools);
  const keyIdentifier = keyIdentifierOf(tbsCertificate, tools);
  return {
    certificate,
    issuer: Buffer.from(AsnConvert.serialize(tbsCertificate.issuer)),
    serial: Buffer.from(tbsCertificate.serialNumber),
    ...(keyIdentifier !== undefined && { keyIdentifier }),
  };
}

/** @throws KbuildError SIGN_KEY */
export function parseCertificate(
  certificate: X509Certificate,
  { AsnConvert, x509 }: Cms,
): Certificate {
  try {
    return AsnConvert.parse(certificate.raw, x509.Certificate);
  } catch (cause) {
    throw new KbuildError(
      'SIGN_KEY',
      `cannot read the certificate of '${certificate.subject}': ${(cause as Error).message}`,
      'It must be an X.509 certificate in DER, as OpenSSL writes it.',
      { cause },
    );
  }
}

/** The subject key identifier; one that cannot be read names no key. */
function keyIdentifierOf(
  { extensions }: TBSCertificate,
  { AsnConvert, x509 }: Cms,
): Buffer | undefined {
  const extension = extensions?.find(({ extnID }) => extnID === x509.id_ce_subjectKeyIdentifier);
  if (extension === undefined) return undefined;
  try {
    const { buffer } = AsnConvert.parse(extension.extnValue.buffer, x509.SubjectKeyIdentifier);
    return Buffer.from(buffer);
  } catch {
    return undefined;
  }
}

/** The kernel looks for a key by issuer and serial number, or by the key's identifier. */
export function isSigner(key: TrustedKey, { sid }: SignerInfo, { AsnConvert }: Cms): boolean {
  const id = sid.issuerAndSerialNumber;
  if (id !== undefined) {
    return (
      key.serial.equals(Buffer.from(id.serialNumber)) &&
      key.issuer.equals(Buffer.from(AsnConvert.serialize(id.issuer)))
    );
  }
  const wanted = sid.subjectKeyIdentifier;
  return wanted !== undefined && key.keyIdentifier?.equals(Buffer.from(wanted.buffer)) === true;
}

/** The key in a certificate; undefined for an algorithm that OpenSSL does not know. */
export function publicKeyOf(certificate: X509Certificate): KeyObject | undefined {
  try {
    return certificate.publicKey;
  } catch {
    return undefined;
  }
}
