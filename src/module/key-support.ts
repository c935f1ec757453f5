import type { KeyObject } from 'node:crypto';

/** Lengths of RSA keys that the kernel takes, in bits (crypto/rsa.c, rsa_check_key_length). */
const rsaLengths = [512, 1024, 1536, 2048, 3072, 4096];

/** The kernel's curves (crypto/ecdsa.c; P-521 since Linux 6.10), as OpenSSL calls them. */
const curves = ['prime192v1', 'prime256v1', 'secp384r1', 'secp521r1'];

/** Why no kernel verifies signatures of a key, or undefined if there is one that does. */
export function keyProblem(key: KeyObject): string | undefined {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
  if (type === 'rsa') {
    const { modulusLength: length = 0 } = details ?? {};
    return rsaLengths.includes(length) ? undefined : `it is an RSA key of ${length} bits`;
  }
  if (type !== 'ec') return `it is of type ${type ?? 'unknown'}`;
  const { namedCurve = 'unknown' } = details ?? {};
  return curves.includes(namedCurve) ? undefined : `it is on the curve ${namedCurve}`;
}
