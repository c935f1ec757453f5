import { readFile, stat } from 'node:fs/promises';
import { KbuildError } from '../errors/kbuild-error.js';
import { decompressModule } from '../module/compression/decompress.js';
import { detectCompression } from '../module/compression/detect.js';
import { readElf } from '../module/elf.js';

/** ET_REL (elf(5)): what every module is. */
const relocatable = 1;

/**
 * The bytes of a module that can be signed: an ELF object, not compressed.
 * @throws KbuildError MODULE_UNREADABLE, MODULE_NOT_ELF, MODULE_TRUNCATED, MODULE_MALFORMED,
 *   SIGN_INPUT, each naming the file
 */
export async function readSignable(path: string): Promise<Buffer> {
  const bytes = await readRegularFile(path);
  const compression = detectCompression(bytes);
  if (compression !== 'none') {
    throw new KbuildError(
      'SIGN_INPUT',
      `${path} is compressed (${compression}): the signature of a module belongs inside the compression`,
      'Decompress it, sign it, and compress it again.',
    );
  }
  await checkObject(path, bytes);
  return bytes;
}

/**
 * The bytes of a module whose signature is to be verified: decompressed, as the kernel sees them.
 * @throws KbuildError as `readSignable`, and MODULE_COMPRESSION, MODULE_TOO_LARGE
 */
export async function readDecompressed(path: string): Promise<Uint8Array> {
  const file = await readRegularFile(path);
  const bytes = await naming(path, () => decompressModule(file));
  await checkObject(path, bytes);
  return bytes;
}

async function checkObject(path: string, bytes: Uint8Array): Promise<void> {
  const { type } = await naming(path, () => readElf(bytes));
  if (type === relocatable) return;
  throw new KbuildError(
    'SIGN_INPUT',
    `${path} is no kernel module: an ELF file of type ${type}, not a relocatable object`,
    'Give the .ko that the build made.',
  );
}

/** @throws KbuildError MODULE_UNREADABLE; where the system refused, its error is the cause */
export async function readRegularFile(path: string): Promise<Buffer> {
  try {
    // A device or a pipe might never end.
    if ((await stat(path)).isFile()) return await readFile(path);
  } catch (cause) {
    throw unreadable(path, (cause as Error).message, cause);
  }
  throw unreadable(path, 'it is not a regular file');
}

function unreadable(path: string, why: string, cause?: unknown): KbuildError {
  return new KbuildError(
    'MODULE_UNREADABLE',
    `cannot read ${path}: ${why}`,
    'Check the path and its permissions.',
    { cause },
  );
}

/** Does what may fail over a file's bytes; the error then names the file. */
export async function naming<T>(path: string, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof KbuildError)) throw error;
    throw new KbuildError(error.code, `${path}: ${error.message}`, error.hint, { cause: error });
  }
}
