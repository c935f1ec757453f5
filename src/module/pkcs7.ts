import { KbuildError } from '../errors/kbuild-error.js';

/** Object identifiers of the message itself (RFC 5652), and of RSA (RFC 8017). */
export const cmsOids = {
  data: '1.2.840.113549.1.7.1',
  signedData: '1.2.840.113549.1.7.2',
  rsa: '1.2.840.113549.1.1.1',
} as const;

/** NULL in DER: what stands for the parameters of RSA. */
export const asn1Null = Uint8Array.of(5, 0).buffer;

/** Object identifiers of digests (RFC 5754, RFC 3370; SHA-3: NIST). */
export const digestOids = {
  sha1: '1.3.14.3.2.26',
  sha224: '2.16.840.1.101.3.4.2.4',
  sha256: '2.16.840.1.101.3.4.2.1',
  sha384: '2.16.840.1.101.3.4.2.2',
  sha512: '2.16.840.1.101.3.4.2.3',
  'sha3-256': '2.16.840.1.101.3.4.2.8',
  'sha3-384': '2.16.840.1.101.3.4.2.9',
  'sha3-512': '2.16.840.1.101.3.4.2.10',
} as const;

export type DigestName = keyof typeof digestOids;

/** ecdsa-with-* (RFC 5758; SHA-1: RFC 3279; SHA-3: NIST): the digest is part of the name. */
export const ecdsaOids: Record<DigestName, string> = {
  sha1: '1.2.840.10045.4.1',
  sha224: '1.2.840.10045.4.3.1',
  sha256: '1.2.840.10045.4.3.2',
  sha384: '1.2.840.10045.4.3.3',
  sha512: '1.2.840.10045.4.3.4',
  'sha3-256': '2.16.840.1.101.3.4.3.10',
  'sha3-384': '2.16.840.1.101.3.4.3.11',
  'sha3-512': '2.16.840.1.101.3.4.3.12',
};

/** Signature algorithms beside ECDSA (RFC 8017, RFC 9882, RFC 8410, RFC 4491, RFC 7836). */
const algorithmNames: Record<string, string> = {
  '1.2.840.113549.1.1.1': 'rsa',
  '1.2.840.113549.1.1.10': 'rsa-pss',
  '1.2.840.113549.1.1.5': 'rsa',
  '1.2.840.113549.1.1.11': 'rsa',
  '1.2.840.113549.1.1.12': 'rsa',
  '1.2.840.113549.1.1.13': 'rsa',
  '2.16.840.1.101.3.4.3.17': 'ml-dsa-44',
  '2.16.840.1.101.3.4.3.18': 'ml-dsa-65',
  '2.16.840.1.101.3.4.3.19': 'ml-dsa-87',
  '1.3.101.112': 'ed25519',
  '1.2.156.10197.1.501': 'sm2',
  '1.2.643.7.1.1.1.1': 'ecrdsa',
  '1.2.643.7.1.1.1.2': 'ecrdsa',
};

/** The name of a digest's object identifier. */
export function digestName(oid: string): DigestName | undefined {
  return (Object.keys(digestOids) as DigestName[]).find((name) => digestOids[name] === oid);
}

/** The name of a signature algorithm's object identifier, or that identifier. */
export function algorithmName(oid: string): string {
  if (Object.values(ecdsaOids).includes(oid)) return 'ecdsa';
  return algorithmNames[oid] ?? oid;
}

/** The ASN.1 code, loaded only where there is a signature to read. */
export async function loadCms() {
  const [{ AsnConvert, OctetString }, cms, x509] = await Promise.all([
    import('@peculiar/asn1-schema'),
    import('@peculiar/asn1-cms'),
    import('@peculiar/asn1-x509'),
  ]);
  return { AsnConvert, OctetString, cms, x509 };
}

/** Hexadecimal digits as bytes parted by colons. */
export function colonHex(hex: string): string {
  return hex.match(/../g)?.join(':') ?? '';
}

export function signatureFormat(message: string, cause?: unknown): KbuildError {
  const hint = 'Sign the module again, from its unsigned bytes.';
  return new KbuildError('MODULE_SIGNATURE_FORMAT', message, hint, { cause });
}
