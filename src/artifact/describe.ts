import { createHash } from 'node:crypto';
import { readSigner } from '../module/signer-claim.js';
import { readModule } from '../module/read-module.js';
import type { AppendedSignature } from '../module/signature.js';
import type { Artifact, Verdict } from './manifest-schema.js';

/**
 * Describes a module's bytes.
 * @throws KbuildError MODULE_*
 */
export async function describeModule(
  path: string,
  bytes: Uint8Array,
  verdicts: Verdict[],
): Promise<Artifact> {
  const { elf, modinfo, signature } = readModule(bytes);
  return {
    path,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    size: bytes.length,
    modinfo,
    elf,
    signature: signature === undefined ? null : await claimOf(signature),
    verdicts,
  };
}

async function claimOf({
  message,
  contentLength,
}: AppendedSignature): Promise<Artifact['signature']> {
  const { signer, keyId, hash } = await readSigner(message, contentLength);
  return { signer, keyId, hash };
}
