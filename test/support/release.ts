import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Manifest } from '../../src/artifact/manifest-schema.js';
import type { ErrorReport } from '../../src/errors/kbuild-error.js';
import { kbuildJson, type CliOptions } from './cli.js';

export interface ReleaseDocument {
  manifest: Manifest;
  release?: { path: string; files: { path: string; size: number }[] };
  error?: ErrorReport;
}

export const release = (args: string[], given: CliOptions = {}) =>
  kbuildJson<ReleaseDocument>(['release', ...args], given);

/** Each file below a directory with the hash of its content; undefined where there is no directory. */
export function contentsOf(directory: string): Record<string, string> | undefined {
  try {
    const entries = readdirSync(join(directory, '.'), { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => !entry.isDirectory());
    const paths = files.map(({ parentPath, name }) => join(parentPath, name)).sort();
    return Object.fromEntries(
      paths.map((path) => [
        path.slice(directory.length + 1),
        createHash('sha256').update(readFileSync(path)).digest('hex'),
      ]),
    );
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
