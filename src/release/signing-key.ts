import type { DigestName } from '../module/pkcs7.js';

export type SignatureHash = DigestName;

/** A private key that signs, wherever it lies. */
export interface SigningKey {
  type: 'rsa' | 'ec';
  /**
   * The raw signature over these bytes: RSASSA-PKCS1-v1_5, or ECDSA as DER.
   * @throws KbuildError SIGN_KEY, SIGN_PKCS11
   */
  sign(content: Uint8Array, hash: SignatureHash): Promise<Uint8Array>;
}
