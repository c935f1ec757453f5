import { KbuildError } from '../errors/kbuild-error.js';
import { readSigner, type ModuleSigner } from '../module/signer-claim.js';
import { findSignature } from '../module/signature.js';
import { naming, readSignable } from '../release/module-input.js';
import { outputTargets } from '../release/output-target.js';
import type { PassphraseSources } from '../release/passphrase.js';
import { replaceFile } from '../release/replace-file.js';
import { createSigner, type SignatureHash } from '../release/signer.js';
import { attachSignature, withoutSignatures } from '../release/attached.js';

/** Which files, and where the results go: over them, unless `output` names another place. */
export interface FilesRequest {
  files: readonly string[];
  output?: string | undefined;
  signal: AbortSignal;
}

export interface SignRequest extends FilesRequest {
  /** Path of a private key, or a PKCS#11 URI. */
  key: string;
  cert: string;
  hash: SignatureHash;
  /** Write `FILE.p7s`, and leave FILE as it is. */
  detached: boolean;
  passphrases: PassphraseSources;
}

export interface SignedFile {
  path: string;
  /** What was written. */
  output: string;
  signature: Pick<ModuleSigner, 'signer' | 'keyId' | 'hash'>;
}

/**
 * Signs modules. All are looked at before the key is asked for, and each is replaced by one
 * rename: what cannot be signed stays as it was.
 * @throws KbuildError SIGN_KEY, SIGN_PKCS11, SIGN_INPUT, MODULE_*, STORAGE_FAILED, INTERRUPTED
 */
export async function signFiles(request: SignRequest): Promise<SignedFile[]> {
  const { files, key, cert, hash, detached } = request;
  const targets = outputTargets(files, request.output, detached ? '.p7s' : '');
  const read = detached ? readUnsigned : readSignable;
  for (const file of files) {
    const module = await read(file);
    await naming(file, () => withoutSignatures(module));
  }
  const signer = await createSigner({ key, cert }, request.passphrases);
  const done: SignedFile[] = [];
  for (const { file, target } of targets) {
    stopIfInterrupted(request, done.length);
    const module = await read(file);
    const content = withoutSignatures(module);
    const message = await signer.signDetached(content, hash);
    await replaceFile(target, detached ? message : attachSignature(content, message), file);
    const { signer: name, keyId } = await readSigner(message);
    done.push({ path: file, output: target, signature: { signer: name, keyId, hash } });
  }
  return done;
}

/**
 * Takes all signatures off modules. What has none is written only where `output` asks for it.
 * @returns what was written
 * @throws KbuildError SIGN_INPUT, MODULE_*, STORAGE_FAILED, INTERRUPTED
 */
export async function removeSignatures(
  request: FilesRequest,
): Promise<{ path: string; output: string }[]> {
  const targets = outputTargets(request.files, request.output);
  for (const file of request.files) await readSignable(file);
  const done = [];
  for (const { file, target } of targets) {
    stopIfInterrupted(request, done.length);
    const module = await readSignable(file);
    const content = await naming(file, () => withoutSignatures(module));
    if (content.length === module.length && request.output === undefined) continue;
    await replaceFile(target, content, file);
    done.push({ path: file, output: target });
  }
  return done;
}

/** A detached signature is one over the file as it is, so an attached one would be under it. */
async function readUnsigned(file: string): Promise<Buffer> {
  const bytes = await readSignable(file);
  if ((await naming(file, () => findSignature(bytes))) === undefined) return bytes;
  throw new KbuildError(
    'SIGN_INPUT',
    `${file} has a signature attached, so that a detached one would be over other bytes than those that were built`,
    "Sign it without --detached, which replaces the signature, or take that off with 'kbuild-ts sign --remove'.",
  );
}

function stopIfInterrupted({ signal, files }: FilesRequest, done: number): void {
  if (!signal.aborted) return;
  throw new KbuildError(
    'INTERRUPTED',
    `interrupted: ${done} of ${files.length} files were written`,
    'Each of the others is as it was. Run the same again: a signature that is there is replaced.',
  );
}
