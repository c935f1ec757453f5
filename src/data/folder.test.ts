import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import glob from 'fast-glob';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { writeParsedTexts } from '../../scripts/bundle/data.js';
import { temporaryDirectory } from '../../test/support/temporary-directory.js';
import { parsedTexts } from './folder.js';
import { packageRoot } from './package-root.js';

/** Reads a folder of a package at another place, in a process of its own: what is read is kept. */
function readIn(root: string, folder: string): { name: string }[] {
  const script = `import { readFolder } from ${JSON.stringify(join(root, 'src/data/folder.ts'))};
process.stdout.write(JSON.stringify(readFolder(${JSON.stringify(folder)})));`;
  writeFileSync(join(root, 'read.ts'), script);
  const jiti = join(packageRoot, 'node_modules/.bin/jiti');
  return JSON.parse(execFileSync(jiti, [join(root, 'read.ts')], { encoding: 'utf8' })) as never;
}

/** A package of these texts, as the build leaves it. */
function builtPackage(files: Record<string, string>): string {
  const root = temporaryDirectory({ 'package.json': '{ "type": "module" }', ...files });
  mkdirSync(join(root, 'lib'));
  mkdirSync(join(root, 'src'));
  cpSync(join(packageRoot, 'src/data'), join(root, 'src/data'), { recursive: true });
  writeParsedTexts(root);
  return root;
}

function withParser(root: string): string {
  const [from, to] = [packageRoot, root].map((at) => join(at, 'node_modules/yaml'));
  cpSync(from!, to!, { recursive: true });
  return root;
}

describe('readFolder', () => {
  const files = {
    'toolchains/b.yaml': 'name: b\n',
    'toolchains/a.yaml': 'name: a\nlist: [1, x]\n',
    'toolchains/arch/c.yaml': 'name: c\n',
  };

  it('needs no parser for texts that the build met', () => {
    const root = builtPackage(files); // yaml is not installed there
    expect(readIn(root, 'toolchains')).toEqual([{ name: 'a', list: [1, 'x'] }, { name: 'b' }]);
    expect(readIn(root, 'toolchains/arch')).toEqual([{ name: 'c' }]);
  });

  it('parses a file that was changed, be it by a blank, and one that was added', () => {
    const root = withParser(builtPackage(files));
    writeFileSync(join(root, 'toolchains/a.yaml'), 'name:  a\n');
    writeFileSync(join(root, 'toolchains/b.yaml'), 'name: changed\n');
    writeFileSync(join(root, 'toolchains/z.yaml'), 'name: added\n');
    expect(readIn(root, 'toolchains')).toEqual(['a', 'changed', 'added'].map((name) => ({ name })));
  });

  it('parses all where what the build left was cut off', () => {
    const root = withParser(builtPackage(files));
    writeFileSync(join(root, parsedTexts), '{"name: a');
    expect(readIn(root, 'toolchains').map(({ name }) => name)).toEqual(['a', 'b']);
  });
});

describe('what the build leaves of toolchains/', () => {
  it('has for each file what the parser says of it', () => {
    const root = temporaryDirectory({ 'lib/x': '' });
    cpSync(join(packageRoot, 'toolchains'), join(root, 'toolchains'), { recursive: true });
    writeParsedTexts(root);
    const known = JSON.parse(readFileSync(join(root, parsedTexts), 'utf8')) as object;
    const texts = glob
      .sync('toolchains/**/*.yaml', { cwd: packageRoot, absolute: true })
      .map((path) => readFileSync(path, 'utf8'));
    expect(texts.length).toBeGreaterThan(20);
    expect(new Map(Object.entries(known))).toEqual(
      new Map(texts.map((text) => [text, parse(text) as unknown])),
    );
  });
});
