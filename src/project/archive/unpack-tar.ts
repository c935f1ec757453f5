import {
  chmodSync,
  closeSync,
  fchmodSync,
  futimesSync,
  linkSync,
  mkdirSync,
  openSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { throwIfInterrupted } from '../../errors/kbuild-error.js';
import { ArchiveTree, type LeftOut } from './archive-tree.js';
import { decompressed } from './decompressed.js';
import type { ArchiveLimits } from './limits.js';
import { readTar, skip, type TarEntry } from './read-tar.js';

/**
 * Unpacks a tar archive, compressed or not, into an empty directory: files with their executable
 * bits and times, directories, links that stay inside; links that lead out are left out. Nobody but the owner may write to what comes
 * out; owners, special bits and attributes of the archive are left aside.
 * @param target absolute; it exists, is empty, and nobody else writes there
 * @param part of the archive that is unpacked, from its root; empty: all of it
 * @returns the links that were left out
 * @throws Refusal, before anything lies outside of `target`; INTERRUPTED
 */
export async function unpackTar(
  bytes: Uint8Array,
  target: string,
  limits: ArchiveLimits,
  signal: AbortSignal,
  part: readonly string[] = [],
): Promise<LeftOut[]> {
  const tree = new ArchiveTree(limits, part);
  const ready = new Set<string>(['.']);
  const chunks = decompressed(bytes, limits.bytes);
  await readTar(chunks, async (entry) => {
    throwIfInterrupted(signal);
    const action = tree.add(entry.header);
    if (action !== undefined) makeParents(target, action.path, ready);
    switch (action?.kind) {
      case 'file':
        return writeEntry(join(target, action.path), entry);
      case 'same':
        linkSync(join(target, action.as), join(target, action.path));
        break;
      case 'directory':
        makeDirectory(target, action.path, ready);
        chmodSync(join(target, action.path), permissions(entry) | 0o700);
        break;
      case 'link': // below
      case undefined:
    }
    await skip(entry);
  });
  const leftOut = tree.takeOutLinks();
  // The last of all: while files are written there is no link that a path could follow.
  for (const [path, node] of tree.nodes) {
    if (node.kind === 'link') symlinkSync(node.target, join(target, path));
  }
  return leftOut;
}

/** Small files, many of them: each call waits for less than its promise would. */
async function writeEntry(path: string, entry: TarEntry): Promise<void> {
  const file = openSync(path, 'wx', 0o600);
  try {
    for await (const chunk of entry) writeFileSync(file, chunk);
    fchmodSync(file, permissions(entry) | 0o600);
    const seconds = Math.trunc(entry.header.mtime.getTime() / 1000);
    const time = seconds >= 0 && seconds < 2 ** 32 ? seconds : 0;
    futimesSync(file, time, time);
  } finally {
    closeSync(file);
  }
}

/** The permissions of an entry without those to write to it, and without set-user-ID and the like. */
const permissions = ({ header }: TarEntry): number => header.mode & 0o755;

function makeParents(target: string, path: string, ready: Set<string>): void {
  const parent = path.slice(0, Math.max(path.lastIndexOf('/'), 0)) || '.';
  if (ready.has(parent)) return;
  makeParents(target, parent, ready);
  makeDirectory(target, parent, ready);
}

function makeDirectory(target: string, path: string, ready: Set<string>): void {
  if (ready.has(path)) return;
  mkdirSync(join(target, path));
  chmodSync(join(target, path), 0o755); // whatever the umask
  ready.add(path);
}
