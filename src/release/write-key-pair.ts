import { X509Certificate } from 'node:crypto';
import { lstatSync } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { KbuildError } from '../errors/kbuild-error.js';
import { ensureDirectory } from '../storage/ensure-directory.js';
import type { KeyPair } from './key-pair.js';

/** Where a key pair's files lie. */
export interface KeyPairFiles {
  /** The private key and its certificate in PEM: one file, as CONFIG_MODULE_SIG_KEY takes it. */
  key: string;
  /** The certificate in PEM. */
  cert: string;
  /** The certificate in DER, as mokutil and the kernel's keyrings take it. */
  x509: string;
}

export function keyPairFiles(directory: string): KeyPairFiles {
  return {
    key: join(directory, 'signing_key.pem'),
    cert: join(directory, 'signing_cert.pem'),
    x509: join(directory, 'signing_key.x509'),
  };
}

/**
 * @throws KbuildError KEYS_FILE_EXISTS if one of the files is there
 */
export function checkNoKeys(files: KeyPairFiles): void {
  for (const path of Object.values(files) as string[]) {
    if (isThere(path)) throw exists(path);
  }
}

/** A link that leads nowhere is there too. What cannot even be looked for, writing will report. */
function isThere(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    return false;
  }
}

/**
 * Writes a key pair. The private key is readable by its owner alone from its first byte on; a
 * directory that is made for it is too. Either all files are written or none, and none over another.
 * @throws KbuildError KEYS_FILE_EXISTS, STORAGE_FAILED
 */
export async function writeKeyPair(
  directory: string,
  { privateKey, certificate }: KeyPair,
): Promise<KeyPairFiles> {
  const files = keyPairFiles(directory);
  checkNoKeys(files);
  const pem = new X509Certificate(certificate).toString();
  const made: string[] = [];
  const write = async (path: string, data: string | Uint8Array, mode: number) => {
    const file = await open(path, 'wx', mode);
    made.push(path);
    try {
      await file.writeFile(data);
      await file.sync();
    } finally {
      await file.close();
    }
  };
  try {
    ensureDirectory(directory, 0o700);
    await write(files.key, `${privateKey}${pem}`, 0o600);
    await write(files.cert, pem, 0o644);
    await write(files.x509, certificate, 0o644);
    return files;
  } catch (cause) {
    for (const path of made) await rm(path, { force: true });
    const { code, path, message } = cause as NodeJS.ErrnoException;
    if (code === 'EEXIST' && path !== undefined && path !== directory) throw exists(path);
    throw new KbuildError(
      'STORAGE_FAILED',
      `cannot write the keys: ${message}`,
      'Name another directory with --out, or mend the permissions of this one.',
      { cause },
    );
  }
}

function exists(path: string): KbuildError {
  return new KbuildError(
    'KEYS_FILE_EXISTS',
    `${path} is there already, and keys are never written over`,
    'Name another directory with --out, or move the old keys away.',
  );
}
