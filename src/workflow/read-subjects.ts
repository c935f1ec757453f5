import type { X509Certificate } from 'node:crypto';
import { basename } from 'node:path';
import type { SignatureSubject } from '../artifact/checks/signature.js';
import { inFile, ModuleFiles, type ModuleFile } from '../artifact/module-file.js';
import type { VerifySubject } from '../artifact/verify-module.js';
import { KbuildError } from '../errors/kbuild-error.js';
import type { ByteSource } from '../module/bytes.js';
import type { KernelReadability } from '../module/compression/kernel-readable.js';
import { readModule, type ModuleInfo } from '../module/read-module.js';
import { findSignature, signatureMarker } from '../module/signature.js';
import { readSigner } from '../module/signer-claim.js';
import { signatureVerifier, type SignatureVerifier } from '../module/verify-signature.js';

/** A module to verify, with the file that it came from. */
export interface FileSubject extends VerifySubject {
  path: string;
}

/** How much of a file's end is searched for a signature that is not the last thing in it. Bytes. */
const tailSize = 64 * 1024;

/**
 * Reads modules, and verifies their signatures against certificates.
 * @throws KbuildError MODULE_*, each naming the file
 */
export async function readSubjects(
  paths: readonly string[],
  certificates: readonly X509Certificate[],
): Promise<FileSubject[]> {
  const verify = await signatureVerifier(certificates);
  const files = new ModuleFiles();
  const subjects: FileSubject[] = [];
  for (const path of paths) {
    try {
      subjects.push(await readSubject(await files.open(path), verify, certificates.length > 0));
    } catch (error) {
      throw inFile(path, error);
    } finally {
      files.close();
    }
  }
  return subjects;
}

async function readSubject(
  file: ModuleFile,
  verify: SignatureVerifier,
  hasCertificates: boolean,
): Promise<FileSubject> {
  const { path, source } = file;
  const info = readModule(source);
  const signature: SignatureSubject = {
    verdict:
      info.signature === undefined ? { status: 'unsigned' } : verify(source.read(0, source.size)),
    signer: await signerName(info),
    hasCertificates,
    followed: info.signature === undefined && isFollowed(source),
  };
  delete info.signature; // it lies in memory that the next file overwrites
  return { path, name: moduleName(path), info, compression: await readability(file), signature };
}

/** The name of a module's file without its suffixes. */
function moduleName(path: string): string {
  return basename(path).replace(/\.ko(\.(gz|xz|zst))?$/, '');
}

/** Whether a signature is near the end of the file, with other bytes behind it. */
function isFollowed(source: ByteSource): boolean {
  const start = Math.max(0, source.size - tailSize);
  const tail = Buffer.from(source.read(start, source.size - start));
  const end = tail.lastIndexOf(signatureMarker) + signatureMarker.length;
  if (end < signatureMarker.length) return false;
  try {
    return findSignature(tail.subarray(0, end))?.plain === true;
  } catch {
    return false; // the text of the marker, and no signature before it
  }
}

async function signerName({ signature }: ModuleInfo): Promise<string> {
  if (signature === undefined) return '';
  try {
    return (await readSigner(signature.message)).signer;
  } catch (error) {
    if (error instanceof KbuildError) return ''; // the verdict says what is wrong
    throw error;
  }
}

async function readability({ compression, compressed }: ModuleFile): Promise<KernelReadability> {
  if (compression === 'none' || compressed === undefined) return { format: 'none', needs: [] };
  const { kernelReadable } = await import('../module/compression/kernel-readable.js');
  return kernelReadable(compressed);
}
