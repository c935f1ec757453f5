import { KbuildError } from '../errors/kbuild-error.js';
import { readSigner, type ModuleSigner } from '../module/signer-claim.js';
import { findSignature } from '../module/signature.js';
import { signatureVerifier, type SignatureVerdict } from '../module/verify-signature.js';
import { readCertificates } from '../release/certificate.js';
import { readDecompressed, readRegularFile, readSignable } from '../release/module-input.js';
import { attachSignature } from '../release/attached.js';

export interface VerifiedFile {
  path: string;
  status: SignatureVerdict['status'];
  /** Why it is not valid. */
  reason?: string;
  signature?: Pick<ModuleSigner, 'signer' | 'keyId' | 'hash'>;
}

/**
 * Verifies signatures, attached (in a compressed module too) or (`FILE.p7s`) detached, with the certificates in these files.
 * @throws KbuildError SIGN_KEY for a certificate, SIGN_INPUT, MODULE_*
 */
export async function verifyFiles(
  files: readonly string[],
  certs: readonly string[],
  detached: boolean,
): Promise<VerifiedFile[]> {
  const verify = await signatureVerifier(certs.flatMap(readCertificates));
  const verified: VerifiedFile[] = [];
  for (const path of files) {
    const signed = detached ? await withDetached(path) : await readDecompressed(path);
    const verdict: SignatureVerdict =
      signed === undefined ? { status: 'unsigned' } : verify(signed);
    const signature = signed && (await claimOf(signed));
    verified.push({
      path,
      status: verdict.status,
      ...('reason' in verdict && { reason: verdict.reason }),
      ...(signature !== undefined && { signature }),
    });
  }
  return verified;
}

/** The module as it would be with the detached signature attached; undefined if there is none. */
async function withDetached(path: string): Promise<Uint8Array | undefined> {
  const module = await readSignable(path);
  try {
    return attachSignature(module, await readRegularFile(`${path}.p7s`));
  } catch (error) {
    const { cause } = error as KbuildError;
    if ((cause as NodeJS.ErrnoException | undefined)?.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Who a signature says that it is by, if it can be read at all. */
async function claimOf(signed: Uint8Array): Promise<VerifiedFile['signature']> {
  try {
    const { signer, keyId, hash } = await readSigner(
      findSignature(signed)?.message ?? new Uint8Array(),
    );
    return { signer, keyId, hash };
  } catch (error) {
    if (error instanceof KbuildError) return undefined; // the verdict says what is wrong
    throw error;
  }
}
