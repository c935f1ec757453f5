import { verify, type X509Certificate } from 'node:crypto';
import type { SignedData, SignerInfo } from '@peculiar/asn1-cms';
import { KbuildError } from '../errors/kbuild-error.js';
import { asn1Null, cmsOids, digestName, ecdsaOids, loadCms, type DigestName } from './pkcs7.js';
import { findSignature, pkcs7IdType } from './signature.js';
import { isSigner, publicKeyOf, trustedKey, type Cms, type TrustedKey } from './trusted-key.js';

/** What is true of the signature at the end of a module. */
export type SignatureVerdict =
  | { status: 'unsigned' }
  /** It is over exactly these bytes, by the key of `certificate`. */
  | { status: 'valid'; certificate: X509Certificate; hash: DigestName }
  /** None of the given certificates is the signer's: nothing can be said of the bytes. */
  | { status: 'unknown-key'; hash: string }
  /** It is not over these bytes, or not in the form that the kernel takes. */
  | { status: 'invalid'; reason: string }
  /** Verified by nobody here: an algorithm that this Node.js or this verifier does not know. */
  | { status: 'unsupported'; reason: string };

/** Judges modules against the certificates that it was made with. */
export type SignatureVerifier = (module: Uint8Array) => SignatureVerdict;

/**
 * A verifier of module signatures: detached PKCS#7 SignedData over the bytes before it
 * (kernel/module/signing.c, crypto/asymmetric_keys/pkcs7_verify.c, Linux 6.1). Every field of the
 * message is checked and nothing but canonical DER is taken, so that no changed bit goes unseen.
 * @throws KbuildError SIGN_KEY for a certificate that cannot be read
 */
export async function signatureVerifier(
  certificates: readonly X509Certificate[],
): Promise<SignatureVerifier> {
  const tools = await loadCms();
  const keys = certificates.map((certificate) => trustedKey(certificate, tools));
  return (module) => {
    try {
      return judge(module, keys, tools);
    } catch (error) {
      if (!(error instanceof KbuildError)) throw error;
      return { status: 'invalid', reason: error.message };
    }
  };
}

const invalid = (reason: string): SignatureVerdict => ({ status: 'invalid', reason });
const unsupported = (reason: string): SignatureVerdict => ({ status: 'unsupported', reason });

function judge(module: Uint8Array, keys: readonly TrustedKey[], tools: Cms): SignatureVerdict {
  const found = findSignature(module);
  if (found === undefined) return { status: 'unsigned' };
  if (found.idType !== pkcs7IdType) {
    return unsupported(`it is of kind ${found.idType}, and not PKCS#7`);
  }
  if (!found.plain) return invalid('its header does not say PKCS#7 and nothing else');
  const data = parseCanonical(found.message, tools);
  if (data === undefined) return invalid('it is not a PKCS#7 SignedData message in DER');
  const flaw = flawOf(data, tools);
  if (flaw !== undefined) return flaw;
  const [info] = data.signerInfos;
  if (info === undefined) return invalid('it names no signer');
  return judgeSigner(info, module.subarray(0, found.contentLength), keys, tools);
}

/** The message, if it is DER down to its last byte: written again, it must be the same. */
function parseCanonical(message: Uint8Array, { AsnConvert, cms }: Cms): SignedData | undefined {
  try {
    const content = AsnConvert.parse(message, cms.ContentInfo);
    const data = AsnConvert.parse(content.content, cms.SignedData);
    const again = new cms.ContentInfo({
      contentType: cmsOids.signedData,
      content: AsnConvert.serialize(data),
    });
    return Buffer.from(AsnConvert.serialize(again)).equals(message) ? data : undefined;
  } catch {
    return undefined;
  }
}

/** What the message as a whole may hold: a detached signature of one signer, and nothing else. */
function flawOf(data: SignedData, { cms: { CMSVersion } }: Cms): SignatureVerdict | undefined {
  const { digestAlgorithms, encapContentInfo, signerInfos } = data;
  if (data.certificates !== undefined) return unsupported('it brings certificates of its own');
  if (data.crls !== undefined) return unsupported('it brings revocation lists');
  if (signerInfos.length > 1) return unsupported(`it has ${signerInfos.length} signers`);
  if (encapContentInfo.eContentType !== cmsOids.data || encapContentInfo.eContent !== undefined) {
    return invalid('it is not a detached signature over data');
  }
  const [info] = signerInfos;
  // Version 3 where the signer is named by the key's identifier (RFC 5652, 5.1 and 5.3).
  const version = info?.sid.subjectKeyIdentifier === undefined ? CMSVersion.v1 : CMSVersion.v3;
  const versionsFit = data.version === version && info?.version === version;
  const [digest] = digestAlgorithms;
  const digestFits =
    digestAlgorithms.length === 1 && digest?.algorithm === info?.digestAlgorithm.algorithm;
  if (!versionsFit || !digestFits || hasParameters(digest)) {
    return invalid('what it says of its version and digests does not agree');
  }
  return undefined;
}

/** The algorithms of module signatures have no parameters, or NULL. */
function hasParameters(algorithm: { parameters?: ArrayBuffer | null } | undefined): boolean {
  const parameters = algorithm?.parameters ?? undefined;
  return parameters !== undefined && !Buffer.from(asn1Null).equals(Buffer.from(parameters));
}

function judgeSigner(
  info: SignerInfo,
  content: Uint8Array,
  keys: readonly TrustedKey[],
  tools: Cms,
): SignatureVerdict {
  if (info.signedAttrs !== undefined) {
    return invalid('it has signed attributes, which the kernel refuses on modules');
  }
  if (info.unsignedAttrs !== undefined) return unsupported('it has unsigned attributes');
  if (hasParameters(info.digestAlgorithm) || hasParameters(info.signatureAlgorithm)) {
    return unsupported('its algorithms have parameters');
  }
  const oid = info.digestAlgorithm.algorithm;
  const hash = digestName(oid);
  const signers = keys.filter((candidate) => isSigner(candidate, info, tools));
  let verdict: SignatureVerdict = { status: 'unknown-key', hash: hash ?? oid };
  for (const key of signers) {
    if (hash === undefined) return unsupported(`its digest algorithm ${oid} is not known`);
    verdict = judgeKey(info, content, key, hash);
    if (verdict.status === 'valid') break; // else another key of the same name may be the signer's
  }
  return verdict;
}

function judgeKey(
  info: SignerInfo,
  content: Uint8Array,
  key: TrustedKey,
  hash: DigestName,
): SignatureVerdict {
  const publicKey = publicKeyOf(key.certificate);
  const algorithm = info.signatureAlgorithm.algorithm;
  if (publicKey === undefined) return unsupported(`this Node.js cannot verify ${algorithm}`);
  const { asymmetricKeyType: type } = publicKey;
  const wanted = type === 'rsa' ? cmsOids.rsa : type === 'ec' ? ecdsaOids[hash] : undefined;
  if (wanted === undefined) return unsupported(`keys of type ${type} sign no modules here`);
  if (algorithm !== wanted) return invalid("its algorithm is not that of the signer's key");
  const signature = Buffer.from(info.signature.buffer);
  return verify(hash, content, publicKey, signature)
    ? { status: 'valid', certificate: key.certificate, hash }
    : invalid('it is not over these bytes: they were changed after they were signed');
}
