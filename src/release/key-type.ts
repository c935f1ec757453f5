import type { KeyObject } from 'node:crypto';
import { KbuildError } from '../errors/kbuild-error.js';
import { keyProblem } from '../module/key-support.js';

/**
 * Which of the kernel's two kinds of signature a key makes.
 * @param name how messages call the key
 * @throws KbuildError SIGN_KEY if no kernel verifies its signatures
 */
export function keyType(key: KeyObject, name: string): 'rsa' | 'ec' {
  const problem = keyProblem(key);
  if (problem === undefined) return key.asymmetricKeyType === 'ec' ? 'ec' : 'rsa';
  throw new KbuildError(
    'SIGN_KEY',
    `no kernel verifies signatures of the key ${name}: ${problem}`,
    'Make an RSA key of 2048, 3072 or 4096 bits, or an EC key on P-256 or P-384.',
  );
}
