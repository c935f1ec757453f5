import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, readlinkSync, type Dirent } from 'node:fs';
import { dirname, join } from 'node:path';
import type { TreeEntry } from '../pack/tree-entry.js';

/** The file in a tree that lists what kbuild-ts wrote there. */
export const treeMark = '.kbuild-ts-tree';

/** By path: the SHA-256 of a file, or of where a link points. */
type Written = Map<string, string>;

const digest = (content: Uint8Array | string): string =>
  createHash('sha256').update(content).digest('hex');

/** The list of a tree's files, so that a later run knows what it may replace. */
export function markEntry(entries: readonly TreeEntry[]): TreeEntry {
  const lines = entries.map(({ path, content, link }) => [path, digest(link ?? content)]);
  const content = `${JSON.stringify(lines, null, 1)}\n`;
  return { path: treeMark, content, executable: false };
}

/**
 * The first thing in a directory that would be lost with it: what kbuild-ts did not write there, or
 * what was changed since. Undefined if there is none.
 */
export function inTheWay(directory: string): string | undefined {
  const written = readMark(directory);
  const directories = new Set([...written.keys()].flatMap(parents));
  const look = (at: string): string | undefined => {
    for (const entry of readdirSync(join(directory, at), { withFileTypes: true })) {
      const path = at + entry.name;
      const found = entry.isDirectory() && directories.has(path) ? look(`${path}/`) : undefined;
      if (found !== undefined) return found;
      if (entry.isDirectory() ? directories.has(path) : isAsWritten(entry, path)) continue;
      return path;
    }
    return undefined;
  };
  const isAsWritten = (entry: Dirent, path: string): boolean => {
    if (path === treeMark) return written.size > 0;
    const known = written.get(path);
    if (known === undefined) return false;
    const host = join(directory, path);
    if (entry.isSymbolicLink()) return digest(readlinkSync(host)) === known;
    return entry.isFile() && digest(readFileSync(host)) === known;
  };
  return look('');
}

function parents(path: string): string[] {
  const parent = dirname(path);
  return parent === '.' ? [] : [parent, ...parents(parent)];
}

/** Empty where there is no list that we wrote. */
function readMark(directory: string): Written {
  const file = join(directory, treeMark);
  try {
    if (!lstatSync(file).isFile()) return new Map();
    const lines = JSON.parse(readFileSync(file, 'utf8')) as unknown;
    return new Map(Array.isArray(lines) ? lines.filter(isLine) : []);
  } catch {
    return new Map(); // none, or another's
  }
}

const isLine = (line: unknown): line is [string, string] =>
  Array.isArray(line) && line.length === 2 && line.every((word) => typeof word === 'string');
