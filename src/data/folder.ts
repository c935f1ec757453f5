import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { packageRoot } from './package-root.js';

/**
 * Reads every `*.yaml` of a folder of the package, sorted by name: the listing of the folder is
 * the support list. The shape of our own files is held by a test (data.test.ts), so that the
 * command line need not load a validator.
 */
export function readFolder<T>(folder: string): T[] {
  const path = join(packageRoot, folder);
  return readdirSync(path)
    .filter((name) => name.endsWith('.yaml'))
    .sort()
    .map((name) => parse(readFileSync(join(path, name), 'utf8')) as T);
}
