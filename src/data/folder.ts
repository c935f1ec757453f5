import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type * as Yaml from 'yaml';
import { packageRoot } from './package-root.js';

/** Where the build leaves what it read of `toolchains/`, relative to the package's root. */
export const parsedTexts = 'lib/toolchains.json';

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

/**
 * The value of a YAML text. Of a text that the build met, word for word, it has the value; only
 * for another one, of a file that was changed or added, the parser is loaded.
 */
function parse(text: string): unknown {
  known ??= readKnown();
  if (Object.hasOwn(known, text)) return known[text];
  yaml ??= createRequire(import.meta.url)('yaml') as typeof Yaml;
  return yaml.parse(text);
}

let known: Record<string, unknown> | undefined;
let yaml: typeof Yaml | undefined;

function readKnown(): Record<string, unknown> {
  try {
    return JSON.parse(readFileSync(join(packageRoot, parsedTexts), 'utf8')) as Record<
      string,
      unknown
    >;
  } catch {
    return {}; // not built, or half of it: it is there to save time alone
  }
}
