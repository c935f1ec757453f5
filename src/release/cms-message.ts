import type { X509Certificate } from 'node:crypto';
import { digestOids, ecdsaOids, loadCms } from '../module/pkcs7.js';
import type { SignatureHash, SigningKey } from './signing-key.js';

const oids = {
  data: '1.2.840.113549.1.7.1',
  signedData: '1.2.840.113549.1.7.2',
  rsa: '1.2.840.113549.1.1.1',
};
const asn1Null = Uint8Array.of(5, 0).buffer;

/**
 * The PKCS#7 message (RFC 5652, SignedData) around a raw signature, DER: detached, without
 * certificates and signed attributes, byte for byte as the kernel's scripts/sign-file writes it.
 */
export async function cmsMessage(
  signature: Uint8Array,
  keyType: SigningKey['type'],
  hash: SignatureHash,
  certificate: X509Certificate,
): Promise<Buffer> {
  const { AsnConvert, OctetString, cms, x509 } = await loadCms();
  const { issuer, serialNumber } = AsnConvert.parse(
    certificate.raw,
    x509.Certificate,
  ).tbsCertificate;
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
          keyType === 'ec'
            ? { algorithm: ecdsaOids[hash] }
            : { algorithm: oids.rsa, parameters: asn1Null },
        ),
        signature: new OctetString(signature),
      }),
    ]),
  });
  return Buffer.from(
    AsnConvert.serialize(
      new cms.ContentInfo({
        contentType: oids.signedData,
        content: AsnConvert.serialize(signedData),
      }),
    ),
  );
}
