import type { Signer } from '../signer.js';
import { fingerprint } from './fingerprint.js';

/** The type of an in-toto statement in an envelope. */
export const statementType = 'application/vnd.in-toto+json';

/**
 * What a signature in an envelope is over (DSSE v1, pre-authentication encoding): the type and the
 * payload, each with its length, so that neither can be taken for a part of the other.
 */
export function preAuthentication(payloadType: string, payload: Uint8Array): Buffer {
  const header = `DSSEv1 ${Buffer.byteLength(payloadType)} ${payloadType} ${payload.length} `;
  return Buffer.concat([Buffer.from(header), payload]);
}

/**
 * A payload with a signature by SHA-256 (DSSE v1), as one line of JSON. The key is named by the
 * fingerprint of its certificate.
 * @throws KbuildError SIGN_KEY, SIGN_PKCS11
 */
export async function signedEnvelope(
  payloadType: string,
  payload: Uint8Array,
  signer: Signer,
): Promise<string> {
  const signature = await signer.signRaw(preAuthentication(payloadType, payload), 'sha256');
  const envelope = {
    payload: Buffer.from(payload).toString('base64'),
    payloadType,
    signatures: [
      { keyid: fingerprint(signer.certificate), sig: Buffer.from(signature).toString('base64') },
    ],
  };
  return `${JSON.stringify(envelope)}\n`;
}
