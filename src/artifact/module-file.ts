import { readFile } from 'node:fs/promises';
import { KbuildError } from '../errors/kbuild-error.js';
import { sourceOf, type ByteSource } from '../module/bytes.js';
import { detectCompression, type Compression } from '../module/compression/detect.js';
import { FileBytes } from '../storage/file-bytes.js';

/** A module's file, opened. */
export interface ModuleFile {
  path: string;
  /** Bytes of the file as it lies on the disk. */
  size: number;
  compression: Compression;
  /** The module itself, decompressed; valid until the next file is opened. */
  source: ByteSource;
  /** The file's own bytes, where it is compressed. */
  compressed?: Uint8Array;
}

/** Opens module files one after the other, and reads of each what is asked for. */
export class ModuleFiles {
  readonly #file = new FileBytes();

  /**
   * Opens a `.ko`, `.ko.gz`, `.ko.xz` or `.ko.zst`; which it is, its content tells. Errors do not
   * name the file: `inFile` does.
   * @throws KbuildError MODULE_UNREADABLE, MODULE_COMPRESSION, MODULE_TOO_LARGE
   */
  async open(path: string): Promise<ModuleFile> {
    const file = this.#file;
    try {
      file.open(path);
      const { size } = file;
      if (size > largestModule) throw tooLarge(size);
      const compression = detectCompression(file.read(0, Math.min(size, 6)));
      if (compression === 'none') return { path, size, compression, source: file };
      const compressed = await readFile(path);
      const { decompressModule } = await import('../module/compression/decompress.js');
      const source = sourceOf(await decompressModule(compressed));
      return { path, size, compression, source, compressed };
    } catch (cause) {
      if (cause instanceof KbuildError) throw cause;
      throw new KbuildError(
        'MODULE_UNREADABLE',
        `cannot be read: ${(cause as Error).message}`,
        'Check the path and its permissions.',
        { cause },
      );
    }
  }

  close(): void {
    this.#file.close();
  }
}

/** Debug information included, no module comes near it: what is larger is none. Bytes. */
const largestModule = 2 ** 30;

function tooLarge(size: number): KbuildError {
  return new KbuildError(
    'MODULE_TOO_LARGE',
    `its ${size} bytes are more than any kernel module has`,
    'Give a kernel module (.ko).',
  );
}

/** An error of a module's content with the file that it is in. */
export function inFile(path: string, error: unknown): unknown {
  if (!(error instanceof KbuildError) || !error.code.startsWith('MODULE_')) return error;
  return new KbuildError(error.code, `${path}: ${error.message}`, error.hint, { cause: error });
}
