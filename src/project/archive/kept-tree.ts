import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { LeftOut } from './archive-tree.js';
import type { DebControl } from './control.js';

/** What is noted beside an archive that was unpacked into the cache. */
export interface KeptRecord {
  /** Of this record and of how archives are unpacked. */
  format: number;
  control?: DebControl;
  /** Where its projects lie, relative to its root. */
  places: string[];
  /** The links of the archive that are not there. */
  leftOut: LeftOut[];
  /** `listTree` of the root when it was unpacked. */
  entries: string[];
}

export const keptFormat = 2;

/** Where the record of a directory of the cache lies. */
export const recordOf = (directory: string): string => join(directory, 'archive.json');

/** Where what the archive holds lies. */
export const rootOf = (directory: string): string => join(directory, 'root');

/**
 * The record of an archive in the cache; undefined where there is none, or where the tree is not
 * as it was unpacked: something was removed, added or written.
 */
export function readKept(directory: string): KeptRecord | undefined {
  let record: KeptRecord;
  let entries: string[];
  try {
    record = JSON.parse(readFileSync(recordOf(directory), 'utf8')) as KeptRecord;
    if (record.format !== keptFormat) return undefined;
    entries = listTree(rootOf(directory));
  } catch {
    return undefined;
  }
  const same = JSON.stringify(entries) === JSON.stringify(record.entries);
  return same ? record : undefined;
}

/**
 * All that lies below a directory, a line for each: what it is, its permissions, its size and time
 * or where it leads. A file that is written to changes its time, if not its size.
 */
export function listTree(root: string, below = ''): string[] {
  return readdirSync(join(root, below))
    .sort()
    .flatMap((name) => {
      const path = join(below, name);
      const stat = lstatSync(join(root, path));
      const mode = (stat.mode & 0o7777).toString(8);
      if (stat.isSymbolicLink()) return [`link ${path} ${readlinkSync(join(root, path))}`];
      if (stat.isDirectory()) return [`directory ${path} ${mode}`, ...listTree(root, path)];
      return [`file ${path} ${mode} ${stat.size} ${stat.mtimeMs}`];
    });
}
