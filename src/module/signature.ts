import { KbuildError } from '../errors/kbuild-error.js';
import { readRange, sourceOf, type ByteSource } from './bytes.js';

/** The last bytes of a signed module (include/linux/module_signature.h). */
export const signatureMarker = '~Module signature appended~\n';
const marker = Buffer.from(signatureMarker);
/** sizeof(struct module_signature): algo, hash, id_type, signer_len, key_id_len, pad[3], be32 length. */
export const signatureHeaderSize = 12;
/** PKEY_ID_PKCS7, the only kind of signature since Linux 4.3. */
export const pkcs7IdType = 2;

/** What stands before the length of a PKCS#7 signature. */
const plainHeader = Buffer.of(0, 0, pkcs7IdType, 0, 0, 0, 0, 0);

/** A signature that is appended to a module, taken apart but not judged. */
export interface AppendedSignature {
  /** The module without its signature: what the signature is over. Bytes from the start. */
  contentLength: number;
  idType: number;
  /** The header says PKCS#7 and nothing else, as the kernel demands (mod_check_sig). */
  plain: boolean;
  /** The PKCS#7 message, DER. */
  message: Uint8Array;
}

/**
 * Finds the signature at the end of a module's bytes, or undefined where there is none.
 * Presence is no validity: `readSigner` tells whose it claims to be.
 * @throws KbuildError MODULE_SIGNATURE_FORMAT if the marker is there and the rest is not
 */
export function findSignature(input: Uint8Array | ByteSource): AppendedSignature | undefined {
  const source = sourceOf(input);
  const markerAt = source.size - marker.length;
  if (markerAt < 0 || !marker.equals(source.read(markerAt, marker.length))) return undefined;
  const headerAt = markerAt - signatureHeaderSize;
  if (headerAt < 0) throw malformed('no room for its header');
  const header = Buffer.from(readRange(source, headerAt, signatureHeaderSize));
  const length = header.readUInt32BE(8);
  if (length > headerAt) {
    throw malformed(
      `its header at offset ${headerAt} says ${length} bytes, more than there are before it`,
    );
  }
  const contentLength = headerAt - length;
  return {
    contentLength,
    idType: header[2] ?? 0,
    plain: header.subarray(0, 8).equals(plainHeader),
    message: readRange(source, contentLength, length),
  };
}

/** The trailer that makes a PKCS#7 message an appended signature, as scripts/sign-file.c writes it. */
export function signatureTrailer(messageLength: number): Uint8Array {
  const header = Buffer.alloc(signatureHeaderSize);
  header[2] = pkcs7IdType;
  header.writeUInt32BE(messageLength, 8);
  return Buffer.concat([header, Buffer.from(signatureMarker)]);
}

function malformed(why: string): KbuildError {
  return new KbuildError(
    'MODULE_SIGNATURE_FORMAT',
    `malformed module signature: ${why}`,
    'Sign the module again, from its unsigned bytes.',
  );
}
