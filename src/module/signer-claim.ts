import type * as Asn1 from 'asn1js';
import { algorithmName, colonHex, digestName, signatureFormat } from './pkcs7.js';

/** Who signed a module and how, as the signature says. A claim: it proves nothing until verified. */
export interface ModuleSigner {
  /** Common name of the certificate's issuer, or empty where it has none. */
  signer: string;
  /** Serial number of the certificate: upper-case hexadecimal bytes parted by colons. */
  keyId: string;
  /** Digest algorithm, for example `sha256`; its object identifier if it is not a known one. */
  hash: string;
  /** Signature algorithm: `rsa`, `ecdsa`, `ml-dsa-65`…; its object identifier if it is not known. */
  algorithm: string;
  /** The signature itself, in the encoding of its algorithm. */
  value: Uint8Array;
}

/** What stood before the value of the signature that was read last, and what it said. */
let last: { prefix: Buffer; length: number; signer: ModuleSigner } | undefined;

/**
 * Who a signature (PKCS#7 SignedData, RFC 5652) says it is by. Signatures of one key differ in
 * their value alone, so the rest is parsed once for all modules that it signed.
 * @param offset where the message begins in its file, for what errors say
 * @throws KbuildError MODULE_SIGNATURE_FORMAT
 */
export async function readSigner(message: Uint8Array, offset = 0): Promise<ModuleSigner> {
  const bytes = Buffer.from(message); // a copy: the parser keeps what it is given
  if (last?.length === bytes.length && last.prefix.equals(bytes.subarray(0, last.prefix.length))) {
    return { ...last.signer, value: bytes.subarray(last.prefix.length) };
  }
  const signer = await parseSigner(bytes, offset);
  const valueAt = bytes.length - signer.value.length;
  if (bytes.subarray(valueAt).equals(signer.value)) {
    last = { prefix: bytes.subarray(0, valueAt), length: bytes.length, signer };
  }
  return signer;
}

const commonName = '2.5.4.3';

async function parseSigner(message: Buffer, offset: number): Promise<ModuleSigner> {
  const asn1 = await import('asn1js');
  try {
    return claimOf(message, asn1);
  } catch (cause) {
    // Ours, or the parser's own of a bad date and the like.
    const why = (cause as Error).message;
    throw signatureFormat(
      `the module's signature at offset ${offset} is no PKCS#7 message: ${why}`,
      cause,
    );
  }
}

function claimOf(message: Buffer, asn1: typeof Asn1): ModuleSigner {
  const { result, offset } = asn1.fromBER(message);
  if (offset === -1) throw new Error(result.error);
  const items = (block: unknown): unknown[] => {
    if (block instanceof asn1.Constructed) return block.valueBlock.value;
    throw new Error('a part that should have parts of its own has none');
  };
  const text = (block: unknown): string => {
    if (block instanceof asn1.ObjectIdentifier) return block.getValue();
    throw new Error('an object identifier is missing');
  };
  const octets = (block: unknown): Uint8Array => {
    if (block instanceof asn1.Integer || block instanceof asn1.OctetString) {
      return block.valueBlock.valueHexView;
    }
    if (block instanceof asn1.Primitive) return block.valueBlock.valueHexView;
    throw new Error('a number or a string is missing');
  };
  const context = (block: unknown): number | undefined =>
    block instanceof asn1.BaseBlock && block.idBlock.tagClass === 3
      ? block.idBlock.tagNumber
      : undefined;

  const [signedData] = items(items(result)[1]);
  const [info] = items(items(signedData).at(-1));
  // version, sid, digestAlgorithm, signedAttrs [0] OPTIONAL, signatureAlgorithm, signature, …
  const [, sid, digestAlgorithm, ...rest] = items(info);
  const [signatureAlgorithm, signature] = context(rest[0]) === 0 ? rest.slice(1) : rest;
  const digest = text(items(digestAlgorithm)[0]);
  const algorithm = text(items(signatureAlgorithm)[0]);
  const byIdentifier = context(sid) === 0;
  const [issuer, serial] = byIdentifier ? [undefined, sid] : items(sid);
  const names = issuer === undefined ? [] : items(issuer).flatMap((relative) => items(relative));
  const name = names.map(items).find(([type]) => text(type) === commonName)?.[1];
  return {
    signer: name instanceof asn1.BaseStringBlock ? name.getValue() : '',
    keyId: keyIdOf(octets(serial)),
    hash: digestName(digest) ?? digest,
    algorithm: algorithmName(algorithm),
    value: octets(signature),
  };
}

/** DER puts a zero byte before a number whose first bit is set; kmod does not show it. */
function keyIdOf(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes).toString('hex').toUpperCase();
  return colonHex(hex.replace(/^00(?=.)/, ''));
}
