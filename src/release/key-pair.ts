import { generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { selfSigned } from './self-signed.js';

/** What the kernel knows of: lengths in bits, and the curves of crypto/ecdsa.c (P-521: Linux 6.10). */
export type KeyKind =
  | { algorithm: 'rsa'; bits: 2048 | 3072 | 4096 }
  | { algorithm: 'ecdsa'; curve: 'P-256' | 'P-384' | 'P-521' };

export interface KeyPairOptions {
  kind: KeyKind;
  /** Common name of the certificate: what modinfo shows as the signer. */
  name: string;
  days: number;
  /** Encrypts the private key. */
  passphrase?: string | undefined;
}

export interface KeyPair {
  /** PKCS#8, PEM. */
  privateKey: string;
  /** X.509, DER. */
  certificate: Buffer;
}

const generate = promisify(generateKeyPair);

/** Makes a key for signing modules, and its self-signed certificate. */
export async function makeKeyPair(options: KeyPairOptions): Promise<KeyPair> {
  const { kind, name, days, passphrase } = options;
  const keys: { publicKey: KeyObject; privateKey: KeyObject } =
    kind.algorithm === 'rsa'
      ? await generate('rsa', { modulusLength: kind.bits })
      : await generate('ec', { namedCurve: kind.curve });
  const encryption = passphrase === undefined ? {} : { cipher: 'aes-256-cbc', passphrase };
  return {
    privateKey: keys.privateKey.export({ type: 'pkcs8', format: 'pem', ...encryption }).toString(),
    certificate: await selfSigned(keys, { name, days, now: new Date() }),
  };
}
