import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { kbuildErrorOf } from '../../test/support/kbuild-error-of.js';
import { moduleSource } from '../../test/support/project.js';
import {
  temporaryDirectory,
  writeTree,
  type FileTree,
} from '../../test/support/temporary-directory.js';
import { indexName } from '../artifact/publish-index.js';
import { cleanOutput } from './clean.js';

/** An index that lists these files. */
function indexText(paths: readonly string[]): string {
  const owner = { project: 'a', release: '6.1', arch: 'arm64', toolchain: 'gcc-12' };
  const files = Object.fromEntries(paths.map((path) => [path, owner]));
  return JSON.stringify({ formatVersion: 1, files });
}

/** An output directory with these files, as a run leaves it. */
function outputWith(paths: readonly string[], more: FileTree = {}): FileTree {
  const files = Object.fromEntries(paths.map((path) => [path, 'content']));
  return { ...files, 'manifest.json': '{}', [indexName]: indexText(paths), ...more };
}

const under = (directory: string, files: FileTree): FileTree =>
  Object.fromEntries(Object.entries(files).map(([name, file]) => [`${directory}/${name}`, file]));

describe('cleanOutput', () => {
  it('removes what runs have put there, their records and what is empty then', async () => {
    const paths = ['6.1/arm64/a.ko', '6.1/x86_64/b.ko', 'logs/a.log'];
    const parent = temporaryDirectory(under('dist', outputWith(paths)));
    const output = join(parent, 'dist');
    const removed = await cleanOutput('/nonexistent', output);
    const expected = [...paths, 'manifest.json', indexName];
    expect(removed.sort()).toEqual(expected.map((path) => join(output, path)).sort());
    expect(readdirSync(parent)).toEqual([]);
  });

  it('leaves what is not listed, and the directories that it lies in', async () => {
    const output = temporaryDirectory(outputWith(['r/a.ko'], { 'r/mine.txt': '', 'b.ko': '' }));
    await cleanOutput('/nonexistent', output);
    expect(readdirSync(output, { recursive: true }).sort()).toEqual(['b.ko', 'r', 'r/mine.txt']);
  });

  it('never leaves the output directory, whatever the index says', async () => {
    const parent = temporaryDirectory({ 'precious.ko': '', 'dist2/b.ko': '', 'dist/a.ko': '' });
    const output = join(parent, 'dist');
    const outside = ['../precious.ko', 'r/../../precious.ko', '../dist2/b.ko', '..', '.'];
    const listed = ['a.ko', join(parent, 'precious.ko'), ...outside];
    writeTree(output, { [indexName]: indexText(listed) });
    expect(await cleanOutput('/nonexistent', output)).toEqual([
      join(output, 'a.ko'),
      join(output, indexName),
    ]);
    expect(readdirSync(parent).sort()).toEqual(['dist2', 'precious.ko']);
    expect(readdirSync(join(parent, 'dist2'))).toEqual(['b.ko']);
  });

  it('copes with what was removed already', async () => {
    const output = temporaryDirectory({ [indexName]: indexText(['gone.ko', 'logs/gone.log']) });
    expect(await cleanOutput('/nonexistent', output)).toEqual([join(output, indexName)]);
  });

  it('leaves a directory alone that stands where a run once put a file', async () => {
    const output = temporaryDirectory({ [indexName]: indexText(['a.ko']), 'a.ko/mine': '' });
    expect(await cleanOutput('/nonexistent', output)).toEqual([join(output, indexName)]);
    expect(readdirSync(output)).toEqual(['a.ko']);
  });

  it('does nothing where no run has put anything, be there a manifest of another tool', async () => {
    const output = temporaryDirectory({ 'manifest.json': '{"name": "web app"}' });
    expect(await cleanOutput('/nonexistent', output)).toEqual([]);
    expect(await cleanOutput('/nonexistent', join(output, 'nowhere'))).toEqual([]);
    expect(readdirSync(output)).toEqual(['manifest.json']);
  });

  it('finds the output directory of a project', async () => {
    const project = temporaryDirectory({
      'hello.c': moduleSource(),
      ...under('dist', outputWith(['6.1/arm64/hello.ko'])),
    });
    await cleanOutput(project, undefined);
    expect(readdirSync(project)).toEqual(['hello.c']);
  });

  it.each([
    ['half', '{ half a'],
    ['of another shape', '{"formatVersion": 1, "files": ["a.ko"]}'],
    ['null', 'null'],
  ])('refuses an index that it cannot read, and removes nothing: %s', async (_, text) => {
    const output = temporaryDirectory({ [indexName]: text, 'a.ko': '' });
    const error = await kbuildErrorOf(() => cleanOutput('/nonexistent', output));
    expect(error.code).toBe('STORAGE_FAILED');
    expect(error.message).toContain(join(output, indexName));
    expect(readdirSync(output).sort()).toEqual([indexName, 'a.ko']);
  });
});
