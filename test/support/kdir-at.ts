import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { healthyTools } from './healthy-kdir.js';
import { temporaryDirectory, type FileTree } from './temporary-directory.js';

/** A directory with these files, its host tools executable; removed after the tests of the file. */
export function kdirAt(files: FileTree): string {
  const path = temporaryDirectory(files);
  for (const name of healthyTools) if (name in files) chmodSync(join(path, name), 0o755);
  return path;
}
