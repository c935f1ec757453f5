import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import glob from 'fast-glob';
import { parse } from 'yaml';
import { parsedTexts } from '../../src/data/folder.js';

/** Writes what each YAML file of toolchains/ says, by its text: src/data/folder.ts looks it up. */
export function writeParsedTexts(root: string): void {
  const texts = glob
    .sync('toolchains/**/*.yaml', { cwd: root })
    .sort()
    .map((path) => readFileSync(join(root, path), 'utf8'));
  const values = Object.fromEntries(texts.map((text) => [text, parse(text) as unknown]));
  writeFileSync(join(root, parsedTexts), JSON.stringify(values));
}
