import type { KeyObject } from 'node:crypto';
import { KbuildError } from '../errors/kbuild-error.js';

/** The kernel's curves (crypto/ecdsa.c; P-521 since Linux 6.10), as OpenSSL calls them. */
const curves = ['prime192v1', 'prime256v1', 'secp384r1', 'secp521r1'];

/**
 * Which of the kernel's two kinds of signature a key makes.
 * @param name how messages call the key
 * @throws KbuildError SIGN_KEY if it makes another
 */
export function keyType(key: KeyObject, name: string): 'rsa' | 'ec' {
  const type = key.asymmetricKeyType;
  if (type === 'rsa') return type;
  const curve = key.asymmetricKeyDetails?.namedCurve;
  if (type === 'ec' && curve !== undefined && curves.includes(curve)) return type;
  throw new KbuildError(
    'SIGN_KEY',
    `the kernel knows RSA and ECDSA signatures of modules; ${name} is of type ${type}${curve === undefined ? '' : ` (${curve})`}`,
    'Make an RSA key, or an EC key on P-256 or P-384.',
  );
}
