import { KbuildError } from '../../../errors/kbuild-error.js';
import type { OpenPgpSigner } from '../../repository/openpgp-signer.js';
import type { ReleaseFile } from '../format.js';
import { readHeader, writeHeader } from './header.js';

/** Bytes of the lead, which only its magic is left of. */
const leadSize = 96;

/** Tags of the signature's header (rpmtag.h of rpm). */
const tags = {
  region: 62,
  dsa: 267,
  rsa: 268,
  /** Of header and payload, which rpm 4 wrote before it had digests of the payload. */
  pgp: 1002,
  gpg: 1005,
  /** Room that rpmsign would write into. */
  reserved: 1008,
};

/** The algorithms of a signature (RFC 9580, 9.1) that rpm knows, and the tag of each. */
const tagOf: Partial<Record<number, number>> = { 1: tags.rsa, 22: tags.dsa };

/**
 * Signs packages as rpmsign does, on this machine: a signature of the header, which has the digest of
 * the payload. Files that are no rpms stay as they are, and equal packages get equal signatures.
 * @param epoch seconds since 1970: the time of the signatures
 * @throws KbuildError REPOSITORY_KEY; PACKAGE_FAILED for what is no rpm
 */
export async function signRpms(
  files: readonly ReleaseFile[],
  signer: OpenPgpSigner,
  epoch: number,
): Promise<ReleaseFile[]> {
  const signed: ReleaseFile[] = [];
  for (const { path, bytes } of files) {
    if (!path.endsWith('.rpm')) signed.push({ path, bytes });
    else signed.push({ path, bytes: await signRpm(Buffer.from(bytes), path, signer, epoch) });
  }
  return signed;
}

/**
 * That rpm will know the signatures of a key.
 * @throws KbuildError REPOSITORY_KEY
 */
export async function checkRpmSigner(signer: OpenPgpSigner): Promise<void> {
  await signatureOf(Buffer.from('a header'), signer, 0);
}

/** A signature of a header, and the tag that it stands under. */
async function signatureOf(header: Buffer, signer: OpenPgpSigner, epoch: number) {
  const { data, algorithm } = await packetOf(await signer.detachSign(header, epoch));
  const tag = tagOf[algorithm];
  if (tag !== undefined) return { data, tag };
  throw new KbuildError(
    'REPOSITORY_KEY',
    `rpm knows no signatures of the OpenPGP algorithm ${algorithm}`,
    'Take an RSA key, or an Ed25519 key of GnuPG: gpg --quick-generate-key "NAME <ADDRESS>" rsa4096 sign.',
  );
}

async function signRpm(
  rpm: Buffer,
  path: string,
  signer: OpenPgpSigner,
  epoch: number,
): Promise<Buffer> {
  const { signature, headerAt, header } = parts(rpm, path);
  const { data, tag } = await signatureOf(header, signer, epoch);
  const replaced: readonly number[] = Object.values(tags);
  const entries = signature.entries.filter((entry) => !replaced.includes(entry.tag));
  const written = writeHeader(
    [...entries, { tag, type: 7, count: data.length, data }],
    tags.region,
  );
  const padding = Buffer.alloc(-written.length & 7);
  return Buffer.concat([rpm.subarray(0, leadSize), written, padding, rpm.subarray(headerAt)]);
}

function parts(rpm: Buffer, path: string) {
  try {
    const signature = readHeader(rpm, leadSize, tags.region);
    const headerAt = leadSize + Math.ceil(signature.size / 8) * 8;
    const { size } = readHeader(rpm, headerAt, 63);
    return { signature, headerAt, header: rpm.subarray(headerAt, headerAt + size) };
  } catch (cause) {
    throw new KbuildError(
      'PACKAGE_FAILED',
      `${path} is no rpm: ${(cause as Error).message}`,
      'Make it anew: it was changed after it was made.',
      { cause },
    );
  }
}

async function packetOf(armoredSignature: string): Promise<{ data: Buffer; algorithm: number }> {
  const { readSignature } = await import('openpgp');
  const signature = await readSignature({ armoredSignature });
  const algorithm = signature.packets[0]?.publicKeyAlgorithm ?? 0;
  return { data: Buffer.from(signature.write() as Uint8Array), algorithm };
}
