import type { X509Certificate } from 'node:crypto';
import { asn1Null, cmsOids, digestOids, ecdsaOids, loadCms } from '../module/pkcs7.js';
import { parseCertificate } from '../module/trusted-key.js';
import type { SignatureHash, SigningKey } from './signing-key.js';

/**
 * The PKCS#7 message (RFC 5652, SignedData) around a raw signature, DER: detached, without
 * certificates and signed attributes, byte for byte as the kernel's scripts/sign-file writes it.
 * @throws KbuildError SIGN_KEY for a certificate that cannot be read
 */
export async function cmsMessage(
  signature: Uint8Array,
  keyType: SigningKey['type'],
  hash: SignatureHash,
  certificate: X509Certificate,
): Promise<Buffer> {
  const tools = await loadCms();
  const { AsnConvert, OctetString, cms } = tools;
  const { issuer, serialNumber } = parseCertificate(certificate, tools).tbsCertificate;
  // OpenSSL writes the identifiers of digests without parameters (RFC 5754), RSA's with a NULL.
  const digestAlgorithm = new cms.DigestAlgorithmIdentifier({ algorithm: digestOids[hash] });
  const signedData = new cms.SignedData({
    version: cms.CMSVersion.v1,
    digestAlgorithms: new cms.DigestAlgorithmIdentifiers([digestAlgorithm]),
    encapContentInfo: new cms.EncapsulatedContentInfo({ eContentType: cmsOids.data }),
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
            : { algorithm: cmsOids.rsa, parameters: asn1Null },
        ),
        signature: new OctetString(signature),
      }),
    ]),
  });
  return Buffer.from(
    AsnConvert.serialize(
      new cms.ContentInfo({
        contentType: cmsOids.signedData,
        content: AsnConvert.serialize(signedData),
      }),
    ),
  );
}
