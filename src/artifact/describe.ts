import { hash } from 'node:crypto';
import { readSigner } from '../module/signer-claim.js';
import { readModule, type ModuleInfo } from '../module/read-module.js';
import type { AppendedSignature } from '../module/signature.js';
import type { Artifact, Verdict } from './manifest-schema.js';

/**
 * Describes a module's bytes.
 * @param info what these bytes say, where they were read already
 * @throws KbuildError MODULE_*
 */
export async function describeModule(
  path: string,
  bytes: Uint8Array,
  verdicts: Verdict[],
  info: Pick<ModuleInfo, 'elf' | 'modinfo' | 'signature'> = readModule(bytes),
): Promise<Artifact> {
  const { elf, modinfo, signature } = info;
  return {
    path,
    sha256: hash('sha256', bytes, 'hex'),
    size: bytes.length,
    ...(signature !== undefined && {
      contentSha256: hash('sha256', bytes.subarray(0, signature.contentLength), 'hex'),
    }),
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
