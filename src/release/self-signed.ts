import { createHash, randomBytes, sign, type KeyObject } from 'node:crypto';
import { asn1Null, loadCms } from '../module/pkcs7.js';

export interface CertificateOptions {
  /** Common name: what modinfo shows as the signer. */
  name: string;
  days: number;
  now: Date;
}

/** Signature algorithms of certificates (RFC 8017, RFC 5758): SHA-256, which every kernel has. */
const signatureOids = { rsa: '1.2.840.113549.1.1.11', ec: '1.2.840.10045.4.3.2' };
const extendedUsages = [
  '1.3.6.1.5.5.7.3.3', // code signing
  // Kernel module signing: shim then takes the key for modules and not for boot loaders.
  '1.3.6.1.4.1.2312.16.1.2',
];

/**
 * A self-signed certificate for signing modules, DER: the extensions of the kernel's own
 * (certs/default_x509.genkey), and the extended usages that shim and its tools look for.
 */
export async function selfSigned(
  keys: { publicKey: KeyObject; privateKey: KeyObject },
  { name, days, now }: CertificateOptions,
): Promise<Buffer> {
  const { AsnConvert, OctetString, x509 } = await loadCms();
  const subjectPublicKeyInfo = AsnConvert.parse(
    keys.publicKey.export({ type: 'spki', format: 'der' }),
    x509.SubjectPublicKeyInfo,
  );
  // RFC 5280, 4.2.1.2, method (1).
  const keyBits = Buffer.from(subjectPublicKeyInfo.subjectPublicKey);
  const keyIdentifier = createHash('sha1').update(keyBits).digest();
  const extension = (extnID: string, value: unknown, critical = false) =>
    new x509.Extension({
      extnID,
      critical,
      extnValue: new OctetString(AsnConvert.serialize(value)),
    });
  const rsa = keys.privateKey.asymmetricKeyType === 'rsa';
  const signatureAlgorithm = new x509.AlgorithmIdentifier(
    rsa ? { algorithm: signatureOids.rsa, parameters: asn1Null } : { algorithm: signatureOids.ec },
  );
  const subject = new x509.Name([
    new x509.RelativeDistinguishedName([
      new x509.AttributeTypeAndValue({
        type: '2.5.4.3',
        value: new x509.AttributeValue({ utf8String: name }),
      }),
    ]),
  ]);
  const tbsCertificate = new x509.TBSCertificate({
    version: x509.Version.v3,
    serialNumber: serialNumber(),
    signature: signatureAlgorithm,
    issuer: subject,
    subject,
    validity: new x509.Validity({
      notBefore: now,
      notAfter: new Date(now.getTime() + days * 24 * 3600 * 1000),
    }),
    subjectPublicKeyInfo,
    extensions: new x509.Extensions([
      extension(x509.id_ce_basicConstraints, new x509.BasicConstraints({ cA: false }), true),
      extension(x509.id_ce_keyUsage, new x509.KeyUsage(x509.KeyUsageFlags.digitalSignature)),
      extension(x509.id_ce_extKeyUsage, new x509.ExtendedKeyUsage(extendedUsages)),
      extension(x509.id_ce_subjectKeyIdentifier, new x509.SubjectKeyIdentifier(keyIdentifier)),
      extension(
        x509.id_ce_authorityKeyIdentifier,
        new x509.AuthorityKeyIdentifier({
          keyIdentifier: new x509.KeyIdentifier(keyIdentifier),
        }),
      ),
    ]),
  });
  const signature = sign(
    'sha256',
    Buffer.from(AsnConvert.serialize(tbsCertificate)),
    keys.privateKey,
  );
  const certificate = new x509.Certificate({
    tbsCertificate,
    signatureAlgorithm,
    signatureValue: Uint8Array.from(signature).buffer,
  });
  return Buffer.from(AsnConvert.serialize(certificate));
}

/** 158 random bits (RFC 5280, 4.1.2.2: positive, at most 20 bytes), written in 20 bytes. */
function serialNumber(): ArrayBuffer {
  const bytes = Uint8Array.from(randomBytes(20));
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes.buffer;
}
