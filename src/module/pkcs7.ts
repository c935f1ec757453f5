import { KbuildError } from '../errors/kbuild-error.js';

/** Who signed a module, as kmod's modinfo shows it. */
export interface ModuleSigner {
  /** Common name of the certificate's issuer, or empty where it has none. */
  signer: string;
  /** Serial number of the certificate: upper-case hexadecimal bytes parted by colons. */
  keyId: string;
  /** Digest algorithm, for example `sha256`. */
  hash: string;
}

const commonName = '2.5.4.3';

/** Object identifiers of digests (RFC 5754, RFC 3370). */
export const digestOids = {
  sha1: '1.3.14.3.2.26',
  sha224: '2.16.840.1.101.3.4.2.4',
  sha256: '2.16.840.1.101.3.4.2.1',
  sha384: '2.16.840.1.101.3.4.2.2',
  sha512: '2.16.840.1.101.3.4.2.3',
} as const;

/** The ASN.1 code, loaded only where there is a signature to read. */
export async function loadCms() {
  const [{ AsnConvert, OctetString }, cms, x509] = await Promise.all([
    import('@peculiar/asn1-schema'),
    import('@peculiar/asn1-cms'),
    import('@peculiar/asn1-x509'),
  ]);
  return { AsnConvert, OctetString, cms, x509 };
}

/**
 * Parses a PKCS#7 SignedData message (RFC 5652).
 * @throws KbuildError MODULE_SIGNATURE_FORMAT
 */
export async function parseSignedData(message: Uint8Array) {
  const { AsnConvert, cms } = await loadCms();
  try {
    const content = AsnConvert.parse(message, cms.ContentInfo);
    return AsnConvert.parse(content.content, cms.SignedData);
  } catch (cause) {
    throw new KbuildError(
      'MODULE_SIGNATURE_FORMAT',
      `the module's signature is no PKCS#7 message: ${cause instanceof Error ? cause.message : String(cause)}`,
      'Sign the module again, from its unsigned bytes.',
      { cause },
    );
  }
}

/** Who a signature says it is by. This is a claim: it proves nothing until it is verified. */
export async function readSigner(message: Uint8Array): Promise<ModuleSigner> {
  const [info] = (await parseSignedData(message)).signerInfos;
  const id = info?.sid.issuerAndSerialNumber;
  const names = id?.issuer.flatMap((relative) => [...relative]) ?? [];
  const signer = names.find(({ type }) => type === commonName)?.value.toString() ?? '';
  const serial = id === undefined ? new ArrayBuffer(0) : id.serialNumber;
  const oid = info?.digestAlgorithm.algorithm;
  const hash = Object.entries(digestOids).find(([, value]) => value === oid)?.[0];
  // DER puts a zero byte before a number whose first bit is set; kmod does not show it.
  const hex = Buffer.from(serial)
    .toString('hex')
    .toUpperCase()
    .replace(/^00(?=.)/, '');
  return { signer, keyId: hex.match(/../g)?.join(':') ?? '', hash: hash ?? oid ?? 'unknown' };
}
