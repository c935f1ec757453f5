import { gzip } from 'node:zlib';
import { promisify } from 'node:util';
import type { TreeEntry } from './tree-entry.js';

/**
 * A gzipped tar archive of files and of the directories that they lie in, all root's and of one
 * time: equal files give equal bytes.
 * @param entries sorted by path
 * @param epoch seconds since 1970
 * @param directories that are there even without a file
 */
export async function tarball(
  entries: readonly TreeEntry[],
  epoch: number,
  directories: readonly string[] = [],
): Promise<Buffer> {
  const { pack } = await import('tar-stream');
  const archive = pack();
  const common = { uid: 0, gid: 0, uname: 'root', gname: 'root', mtime: new Date(epoch * 1000) };
  const made = new Set<string>();
  const directory = (path: string): void => {
    if (path === '' || path === '.' || made.has(path)) return;
    directory(path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : '');
    made.add(path);
    archive.entry({ ...common, name: `${path}/`, type: 'directory', mode: 0o755 });
  };
  for (const path of directories) directory(path);
  for (const { path, content, executable, link } of entries) {
    directory(path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : '');
    if (link !== undefined) {
      archive.entry({ ...common, name: path, type: 'symlink', linkname: link, mode: 0o777 });
      continue;
    }
    const mode = executable ? 0o755 : 0o644;
    archive.entry({ ...common, name: path, mode }, Buffer.from(content));
  }
  archive.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of archive as AsyncIterable<Buffer>) chunks.push(chunk);
  // Node writes no time and no name into the header.
  return promisify(gzip)(Buffer.concat(chunks), { level: 9 });
}
