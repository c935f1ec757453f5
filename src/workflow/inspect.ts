import { readFile } from 'node:fs/promises';
import { describeModule } from '../artifact/describe.js';
import type { Artifact } from '../artifact/manifest-schema.js';
import { KbuildError } from '../errors/kbuild-error.js';

/**
 * Describes a module's file.
 * @throws KbuildError MODULE_*, each naming the file
 */
export async function inspectFile(path: string): Promise<Artifact> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (cause) {
    throw new KbuildError(
      'MODULE_UNREADABLE',
      `cannot read ${path}: ${(cause as Error).message}`,
      'Check the path and its permissions.',
      { cause },
    );
  }
  try {
    return await describeModule(path, bytes, []);
  } catch (error) {
    if (!(error instanceof KbuildError)) throw error;
    throw new KbuildError(error.code, `${path}: ${error.message}`, error.hint, { cause: error });
  }
}
