import type { PrivateKey, Subkey } from 'openpgp';
import { readInput } from '../../storage/read-input.js';
import { keyRefused, readOpenPgpKey } from './openpgp-key.js';

/** Signs the indexes of repositories: equal bytes get equal signatures. */
export interface OpenPgpSigner {
  /**
   * A text with a signature around it, as apt's InRelease: lines end in `\n`, none in a blank.
   * @param epoch seconds since 1970: the time of the signature
   * @throws KbuildError REPOSITORY_KEY
   */
  clearSign(text: string, epoch: number): Promise<string>;
  /**
   * An armored signature apart from its content, as apt's Release.gpg and rpm's repomd.xml.asc.
   * @param epoch seconds since 1970: the time of the signature
   * @throws KbuildError REPOSITORY_KEY
   */
  detachSign(bytes: Uint8Array, epoch: number): Promise<string>;
  /** What customers check signatures with, armored. */
  readonly publicKey: string;
}

/**
 * Reads a secret OpenPGP key (RFC 9580), as `gpg --export-secret-keys` writes it, armored or not, and
 * makes sure that it signs: before anything is built that it is for.
 * @param path of the file
 * @param environment has its passphrase in KBUILD_TS_GPG_PASSPHRASE, if it needs one
 * @throws KbuildError REPOSITORY_KEY, FILE_UNREADABLE
 */
export async function openPgpSigner(
  path: string,
  environment: NodeJS.ProcessEnv,
): Promise<OpenPgpSigner> {
  const { KBUILD_TS_GPG_PASSPHRASE: passphrase = '' } = environment;
  const content = readInput(path);
  const openpgp = await import('openpgp');
  const { key, part } = await readOpenPgpKey(content, path, passphrase);
  const earliest = timeOf(key, part);
  const options = (epoch: number) => ({
    signingKeys: key,
    signingKeyIDs: part.getKeyID(),
    date: new Date(Math.max(epoch, earliest) * 1000),
    // It would put a random number into each signature.
    config: { nonDeterministicSignaturesViaNotation: false },
  });
  const signer: OpenPgpSigner = {
    publicKey: key.toPublic().armor(),
    clearSign: (text, epoch) =>
      signing(path, async () => {
        // The last line's end belongs to the line that follows in the message.
        const message = await openpgp.createCleartextMessage({ text: text.replace(/\n$/, '') });
        const signed = await openpgp.sign({ ...options(epoch), message });
        return signed.replaceAll('\r\n', '\n'); // what is signed has \r\n, however it is written
      }),
    detachSign: (binary, epoch) =>
      signing(path, async () => {
        const message = await openpgp.createMessage({ binary });
        return (await openpgp.sign({ ...options(epoch), message, detached: true })) as string;
      }),
  };
  await prove(signer, key, path);
  return signer;
}

/**
 * The first second at which the key can have signed: a signature older than the key, or than what
 * binds its parts together, is refused by everybody.
 */
function timeOf(key: PrivateKey, part: PrivateKey | Subkey): number {
  const times = [
    key.getCreationTime(),
    part.getCreationTime(),
    ...key.users.flatMap(({ selfCertifications }) => selfCertifications.map(createdOf)),
    ...('bindingSignatures' in part ? part.bindingSignatures.map(createdOf) : []),
  ];
  return Math.max(...times.map((time) => Math.ceil(Number(time ?? 0) / 1000)));
}

const createdOf = ({ created }: { created: Date | null }): Date | null => created;

/** A key of which half was changed signs, and nobody can verify it. */
async function prove(signer: OpenPgpSigner, key: PrivateKey, path: string): Promise<void> {
  const { createMessage, readSignature, verify } = await import('openpgp');
  const binary = new Uint8Array([0x6b]);
  const armoredSignature = await signer.detachSign(binary, 0);
  const { signatures } = await verify({
    message: await createMessage({ binary }),
    signature: await readSignature({ armoredSignature }),
    verificationKeys: key.toPublic(),
  });
  await signing(path, async () => signatures[0]?.verified);
}

/** What is said of failures: the library's own words hold nothing secret. */
async function signing<T>(path: string, sign: () => Promise<T>): Promise<T> {
  try {
    return await sign();
  } catch (cause) {
    throw keyRefused(
      path,
      (cause as Error).message,
      'Make another key, or get this one anew.',
      cause,
    );
  }
}
