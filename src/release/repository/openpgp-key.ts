import type { PrivateKey, Subkey } from 'openpgp';
import { KbuildError } from '../../errors/kbuild-error.js';

/** A key that signs, and which part of it: itself, or one of its subkeys. */
export interface OpenPgpKey {
  key: PrivateKey;
  part: PrivateKey | Subkey;
}

/** Of these, equal content gets equal signatures; ECDSA and DSA take a random number for each. */
const deterministic = ['rsaEncryptSign', 'rsaSign', 'eddsaLegacy', 'ed25519', 'ed448'];

/**
 * Reads a secret key from a file's content, looks whether it can sign today, and unlocks it.
 * @param path for messages
 * @throws KbuildError REPOSITORY_KEY
 */
export async function readOpenPgpKey(
  content: Buffer,
  path: string,
  passphrase: string,
): Promise<OpenPgpKey> {
  const locked = await parse(content, path);
  const part = await locked.getSigningKey().catch((cause: unknown) => {
    const hint =
      'Extend its expiry (gpg --quick-set-expire) or make another key, and export it anew.';
    throw keyRefused(path, `it cannot sign today: ${(cause as Error).message}`, hint, cause);
  });
  const { algorithm } = part.getAlgorithmInfo();
  if (!deterministic.includes(algorithm) || part.keyPacket.version === 6) {
    throw keyRefused(
      path,
      `it signs by ${algorithm} in version ${part.keyPacket.version}, with other bytes each time: no release could be made again`,
      'Take an Ed25519 or RSA key of version 4: gpg --quick-generate-key "NAME <ADDRESS>" ed25519 sign.',
    );
  }
  if ('isDummy' in part.keyPacket && part.keyPacket.isDummy()) {
    throw keyRefused(
      path,
      'its secret part is not in the file',
      'Export the key where it lies: gpg --export-secret-keys (or --export-secret-subkeys).',
    );
  }
  const key = await unlocked(locked, path, passphrase);
  return { key, part: await key.getSigningKey(part.getKeyID()) };
}

async function parse(content: Buffer, path: string): Promise<PrivateKey> {
  const { readPrivateKeys } = await import('openpgp');
  // The library reads one armored block alone.
  const blocks = content.toString('latin1').match(/-----BEGIN PGP[^]*?-----END PGP/g)?.length ?? 0;
  const keys = await (
    blocks > 0
      ? readPrivateKeys({ armoredKeys: content.toString() })
      : readPrivateKeys({ binaryKeys: content })
  ).catch((cause: unknown) => {
    const hint = 'Give the file that gpg --armor --export-secret-keys NAME writes.';
    throw keyRefused(path, `it is no secret OpenPGP key: ${(cause as Error).message}`, hint, cause);
  });
  const [key] = keys;
  const count = Math.max(blocks, keys.length);
  if (key !== undefined && count === 1) return key;
  throw keyRefused(
    path,
    `it holds ${count} keys`,
    'Export the one that is to sign: gpg --armor --export-secret-keys FINGERPRINT.',
  );
}

async function unlocked(key: PrivateKey, path: string, passphrase: string): Promise<PrivateKey> {
  if (key.isDecrypted()) return key;
  if (passphrase === '') {
    throw keyRefused(
      path,
      'it is locked with a passphrase',
      'Put the passphrase into the environment variable KBUILD_TS_GPG_PASSPHRASE.',
    );
  }
  const { decryptKey } = await import('openpgp');
  return decryptKey({ privateKey: key, passphrase }).catch((cause: unknown) => {
    const hint = 'Check KBUILD_TS_GPG_PASSPHRASE; in CI, that the secret reaches the job.';
    throw keyRefused(path, (cause as Error).message, hint, cause);
  });
}

export const keyRefused = (path: string, why: string, hint: string, cause?: unknown): KbuildError =>
  new KbuildError('REPOSITORY_KEY', `the key ${path} cannot sign a repository: ${why}`, hint, {
    cause,
  });
