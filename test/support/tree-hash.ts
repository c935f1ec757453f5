import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

/** A hash over all names, kinds, modes, modification times and contents of a tree. */
export function treeHash(directory: string): string {
  const hash = createHash('sha256');
  const add = (path: string): void => {
    const { mode, mtimeNs } = lstatSync(path, { bigint: true });
    hash.update(`${path}\0${mode}\0${mtimeNs}\0`);
    const stat = lstatSync(path);
    if (stat.isSymbolicLink()) hash.update(readlinkSync(path));
    else if (stat.isFile()) hash.update(readFileSync(path));
    else if (stat.isDirectory()) for (const name of readdirSync(path).sort()) add(join(path, name));
  };
  add(directory);
  return hash.digest('hex');
}
