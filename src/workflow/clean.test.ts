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
import { cleanOutput } from './clean.js';

/** An output directory with a manifest that lists these files. */
function outputWith(paths: string[], more: FileTree = {}, log?: string): FileTree {
  const artifacts = paths.map((path) => ({ path }));
  const manifest = { schemaVersion: 1, jobs: [{ id: 'a', artifacts, ...(log && { log }) }] };
  const files: FileTree = { 'manifest.json': JSON.stringify(manifest), ...more };
  const listed = [...paths, ...(log === undefined ? [] : [log])];
  for (const path of listed) if (!/^\/|\.$|\.\./.test(path)) files[path] = 'content';
  return files;
}

const under = (directory: string, files: FileTree): FileTree =>
  Object.fromEntries(Object.entries(files).map(([name, file]) => [`${directory}/${name}`, file]));

describe('cleanOutput', () => {
  it('removes what the manifest lists, the manifest and what is empty then', async () => {
    const paths = ['6.1/arm64/a.ko', '6.1/x86_64/b.ko'];
    const parent = temporaryDirectory(under('dist', outputWith(paths, {}, 'logs/a.log')));
    const output = join(parent, 'dist');
    const removed = await cleanOutput('/nonexistent', output);
    const expected = [...paths, 'logs/a.log', 'manifest.json'];
    expect(removed.sort()).toEqual(expected.map((path) => join(output, path)).sort());
    expect(readdirSync(parent)).toEqual([]);
  });

  it('leaves what is not listed, and the directories that it lies in', async () => {
    const output = temporaryDirectory(outputWith(['r/a.ko'], { 'r/mine.txt': '', 'b.ko': '' }));
    await cleanOutput('/nonexistent', output);
    expect(readdirSync(output, { recursive: true }).sort()).toEqual(['b.ko', 'r', 'r/mine.txt']);
  });

  it('never leaves the output directory, whatever the manifest says', async () => {
    const parent = temporaryDirectory({ 'precious.ko': '', 'dist2/b.ko': '', 'dist/a.ko': '' });
    const output = join(parent, 'dist');
    const outside = ['../precious.ko', 'r/../../precious.ko', '../dist2/b.ko', '..', '.'];
    const manifest = outputWith(['a.ko', join(parent, 'precious.ko'), ...outside]);
    writeTree(output, { 'manifest.json': manifest['manifest.json']! });
    expect(await cleanOutput('/nonexistent', output)).toEqual([
      join(output, 'a.ko'),
      join(output, 'manifest.json'),
    ]);
    expect(readdirSync(parent).sort()).toEqual(['dist2', 'precious.ko']);
    expect(readdirSync(join(parent, 'dist2'))).toEqual(['b.ko']);
  });

  it('copes with what was removed already', async () => {
    const output = temporaryDirectory({
      'manifest.json': JSON.stringify({ jobs: [{ artifacts: [{ path: 'gone.ko' }] }] }),
    });
    expect(await cleanOutput('/nonexistent', output)).toEqual([join(output, 'manifest.json')]);
  });

  it('does nothing where no run has left a manifest', async () => {
    const output = temporaryDirectory({ 'a.ko': '' });
    expect(await cleanOutput('/nonexistent', output)).toEqual([]);
    expect(await cleanOutput('/nonexistent', join(output, 'nowhere'))).toEqual([]);
    expect(readdirSync(output)).toEqual(['a.ko']);
  });

  it('finds the output directory of a project', async () => {
    const project = temporaryDirectory({
      'hello.c': moduleSource(),
      ...under('dist', outputWith(['6.1/arm64/hello.ko'])),
    });
    await cleanOutput(project, undefined);
    expect(readdirSync(project)).toEqual(['hello.c']);
  });

  it('refuses a manifest that it cannot read, and removes nothing', async () => {
    const output = temporaryDirectory({ 'manifest.json': '{ half a', 'a.ko': '' });
    const error = await kbuildErrorOf(() => cleanOutput('/nonexistent', output));
    expect(error.code).toBe('STORAGE_FAILED');
    expect(error.message).toContain(join(output, 'manifest.json'));
    expect(readdirSync(output).sort()).toEqual(['a.ko', 'manifest.json']);
  });
});
