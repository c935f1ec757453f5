import { KbuildError } from '../../errors/kbuild-error.js';
import { decompressModule } from '../../module/compression/decompress.js';
import { detectCompression, type Compression } from '../../module/compression/detect.js';
import { findSignature } from '../../module/signature.js';
import { readSigner, type ModuleSigner } from '../../module/signer-claim.js';

/** A module's file, taken apart. What cannot be taken off it stays. */
export interface ModuleContent {
  /** As the file is. */
  bytes: Uint8Array;
  compression: Compression;
  /** Decompressed. */
  plain: Uint8Array;
  /** Without its signature, too. */
  content: Uint8Array;
  signer?: ModuleSigner;
}

export async function moduleContent(bytes: Uint8Array): Promise<ModuleContent> {
  const compression = detectCompression(bytes);
  const plain = (await orUndefined(() => decompressModule(bytes))) ?? bytes;
  const found = await orUndefined(() => findSignature(plain));
  const signer = found && (await orUndefined(() => readSigner(found.message, found.contentLength)));
  if (found === undefined || signer === undefined) {
    return { bytes, compression, plain, content: plain };
  }
  return { bytes, compression, plain, content: plain.subarray(0, found.contentLength), signer };
}

/** What a file that anybody may have written cannot be read as. */
async function orUndefined<T>(read: () => T | Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof KbuildError) return undefined;
    throw error;
  }
}
