import { lstatSync } from 'node:fs';
import { chmod, copyFile, mkdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { lstat } from '../../tree.js';
import { invalid, type SourceDescription } from './description.js';
import { hostPath, type SourceTree } from './source-tree.js';

/** Makes a tree of another, by links to its files, with further files in it. */
export async function addFiles(
  tree: SourceTree,
  original: SourceTree,
  files: SourceDescription['files'],
  signal: AbortSignal,
): Promise<void> {
  const top = hostPath(tree);
  await mkdir(dirname(top), { recursive: true });
  const { execa } = await import('execa');
  await execa('cp', ['-al', hostPath(original), top], { cancelSignal: signal });
  for (const [target, file] of Object.entries(files)) {
    const path = join(top, target);
    await mkdirInside(top, dirname(target));
    if (lstat(path)?.isDirectory()) {
      throw invalid(`files.${target}: it is a directory in the source`, 'Name a file.');
    }
    await rm(path, { force: true }); // the link: the file itself belongs to the original too
    await copyFile(file, path);
    await chmod(path, 0o644 | (lstatSync(file).mode & 0o111));
  }
}

/** Makes directories below one, and follows no link on the way: the source may be hostile. */
async function mkdirInside(top: string, below: string): Promise<void> {
  let path = top;
  for (const part of below.split('/').filter((name) => name !== '.')) {
    path = join(path, part);
    const stat = lstat(path);
    if (stat === undefined) await mkdir(path, { mode: 0o755 });
    else if (!stat.isDirectory()) {
      throw invalid(
        `files: ${below} lies behind a link or a file of the source`,
        'Name the path that the link leads to.',
      );
    }
  }
}
