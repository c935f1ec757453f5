import type { Kdir } from '../kernel/kdir.js';
import { readSigner } from '../module/signer-claim.js';
import { findSignature } from '../module/signature.js';
import type { Verdict } from './manifest-schema.js';

/** Judges the signature at the end of a module's bytes, or that there is none. */
export async function judgeSignature(
  module: Uint8Array,
  kdir: Kdir,
  signer: { verify(module: Uint8Array): Promise<boolean> } | undefined,
): Promise<Verdict> {
  const check = 'signature';
  const found = findSignature(module);
  if (found === undefined) {
    if (signer !== undefined) return { check, status: 'failed', detail: 'not signed' };
    return kdir.signing.force
      ? {
          check,
          status: 'unknown',
          detail: 'not signed, and this kernel loads signed modules only',
        }
      : { check, status: 'ok', detail: 'not signed' };
  }
  const { signer: name, hash } = await readSigner(found.message, found.contentLength);
  if (signer === undefined) {
    return {
      check,
      status: 'unknown',
      detail: `signed by '${name}' (${hash}); no certificate to verify it with`,
    };
  }
  return (await signer.verify(module))
    ? { check, status: 'ok', detail: `signed by '${name}' (${hash}), verified` }
    : { check, status: 'failed', detail: `the signature of '${name}' is not over these bytes` };
}
