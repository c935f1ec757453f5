import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { TreeEntry } from './tree-entry.js';

/**
 * Writes files into a directory, readable by every user whatever the umask. Each file and directory
 * below it is made new: nothing is written over, nor through a link.
 * @param directory empty, or not there yet
 */
export async function writeEntries(
  entries: readonly TreeEntry[],
  directory: string,
): Promise<void> {
  await mkdir(directory, { recursive: true });
  await chmod(directory, 0o755);
  const made = new Set([directory]);
  const ensure = async (path: string): Promise<void> => {
    if (made.has(path)) return;
    await ensure(dirname(path));
    await mkdir(path); // fails where a link or a file is
    await chmod(path, 0o755);
    made.add(path);
  };
  for (const { path, content, executable, link } of entries) {
    const target = join(directory, path);
    await ensure(dirname(target));
    if (link !== undefined) {
      await symlink(link, target);
      continue;
    }
    await writeFile(target, content, { flag: 'wx' });
    await chmod(target, executable ? 0o755 : 0o644);
  }
}
