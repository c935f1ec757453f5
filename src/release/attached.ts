import { signatureFormat } from '../module/pkcs7.js';
import { findSignature, signatureTrailer } from '../module/signature.js';

/**
 * The module without any signature: where several are stacked, as a careless script leaves them,
 * without all of them.
 * @throws KbuildError MODULE_SIGNATURE_FORMAT if one of them is broken, or not PKCS#7
 */
export function withoutSignatures(module: Uint8Array): Uint8Array {
  let content = module;
  for (;;) {
    const found = findSignature(content);
    if (found === undefined) return content;
    // Else the bytes before the marker may be the module's own, and must not be cut off.
    if (!found.plain || found.message.length === 0) {
      throw signatureFormat(
        `malformed module signature: its header at offset ${found.contentLength + found.message.length} is not that of a PKCS#7 signature`,
      );
    }
    content = content.subarray(0, found.contentLength);
  }
}

/** A module with a PKCS#7 message appended to it, as scripts/sign-file.c lays them out. */
export function attachSignature(content: Uint8Array, message: Uint8Array): Uint8Array {
  return Buffer.concat([content, message, signatureTrailer(message.length)]);
}
