import { KbuildError } from '../errors/kbuild-error.js';
import { readBounded } from '../storage/read-bounded.js';

/** Where the passphrase of a key, or the PIN of a token, may come from: asked in this order. */
export interface PassphraseSources {
  /** A file whose first line it is. */
  file?: string | undefined;
  /** Holds it in KBUILD_SIGN_PIN, as for the kernel's own build. */
  environment?: NodeJS.ProcessEnv;
  /** Asks a person with these words; left out where there is nobody. */
  readPassphrase?: ((what: string) => Promise<string>) | undefined;
}

/** What to do where none of the sources has one. */
export const passphraseHint =
  'Put it into the environment variable KBUILD_SIGN_PIN, name a file that holds it with --passphrase-file, or run this on a terminal.';

/**
 * The passphrase, or undefined where none of the sources has one. Ask only when it is needed: it may
 * mean a question to a person.
 * @param what what a person is asked for, for example `PIN for pkcs11:token=vendor`
 * @throws KbuildError SIGN_KEY if the file cannot be read or is empty
 */
export async function findPassphrase(
  what: string,
  { file, environment, readPassphrase }: PassphraseSources,
): Promise<string | undefined> {
  if (file !== undefined) return readSecretFile(file);
  const given = environment?.KBUILD_SIGN_PIN;
  if (given !== undefined && given !== '') return given;
  return readPassphrase?.(what);
}

/**
 * The first line of a file, without its end.
 * @throws KbuildError SIGN_KEY
 */
export function readSecretFile(path: string): string {
  const [line = ''] = readText(path).split(/\r?\n/, 1);
  if (line !== '') return line;
  throw new KbuildError(
    'SIGN_KEY',
    `the first line of the passphrase file ${path} is empty`,
    'Its first line is the passphrase, or the PIN.',
  );
}

function readText(path: string): string {
  try {
    return readBounded(path).toString();
  } catch (cause) {
    throw new KbuildError(
      'SIGN_KEY',
      `cannot read the passphrase file ${path}: ${(cause as Error).message}`,
      'Its first line is the passphrase, or the PIN.',
      { cause },
    );
  }
}
