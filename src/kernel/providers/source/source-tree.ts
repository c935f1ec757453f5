import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Arch } from '../../../arch/arch.js';
import { makeDirectoryAtomic } from '../../../storage/atomic.js';
import { withLock } from '../../../storage/lock.js';
import { readBounded } from '../../../storage/read-bounded.js';
import type { ProviderContext } from '../port.js';
import { lstat } from '../../tree.js';
import { addFiles } from './add-files.js';
import type { SourceDescription } from './description.js';
import { claim, release } from '../../../storage/claim.js';
import { reapLeftovers } from '../../../storage/leftovers.js';
import type { Origin } from './origin.js';
import { sourcePath } from './scripts.js';
import { fileHash } from './tarball.js';
import { unpack } from './unpack.js';
import { versionIn } from './version.js';

/** An unpacked source in the cache. Never changed once it is there. */
export interface SourceTree {
  /** Names its content. Hexadecimal. */
  key: string;
  /** As builds see it. */
  path: string;
  /** The directory of the cache that stands for `/`. */
  root: string;
}

export const sourceTree = (key: string, cache: string): SourceTree => ({
  key,
  path: sourcePath(key),
  root: join(cache, 'sources', key, 'root'),
});

/** Where a tree lies on this machine. */
export const hostPath = ({ root, path }: Pick<SourceTree, 'root' | 'path'>): string =>
  join(root, path);

/** The tree of an origin, with the description's own files in it: not yet made. */
export async function wantedTree(
  origin: Origin,
  { files }: SourceDescription,
  context: ProviderContext,
): Promise<SourceTree> {
  const hashes = [];
  for (const [target, file] of Object.entries(files).sort()) {
    hashes.push([target, await fileHash(file, context.cache, context.signal)]);
  }
  if (hashes.length === 0) return sourceTree(origin.key, context.cache);
  const key = createHash('sha256').update(JSON.stringify([origin.key, hashes]));
  return sourceTree(key.digest('hex'), context.cache);
}

/** Makes a tree, unless it is there. */
export async function ensureTree(
  tree: SourceTree,
  origin: Origin,
  description: SourceDescription,
  arch: Arch,
  context: ProviderContext,
): Promise<void> {
  if (existsSync(hostPath(tree))) return;
  const original = sourceTree(origin.key, context.cache);
  await once(original, context, (temporary) =>
    unpack(temporary, origin, description, arch, context),
  );
  if (tree.key === original.key) return;
  await once(tree, context, (temporary) =>
    addFiles(temporary, original, description.files, context.signal),
  );
}

async function once(
  tree: SourceTree,
  context: ProviderContext,
  fill: (temporary: SourceTree) => Promise<void>,
): Promise<void> {
  const { cache, signal } = context;
  const lock = join(cache, 'locks', `source-${tree.key}`);
  await withLock(lock, signal, async () => {
    if (existsSync(hostPath(tree))) return; // another process was first
    const directory = dirname(tree.root);
    await rm(directory, { recursive: true, force: true }); // somebody has removed parts of it
    await makeDirectoryAtomic(directory, async (temporary) => {
      await claim(temporary);
      await fill({ ...tree, root: join(temporary, 'root') });
      await reapLeftovers(dirname(directory)); // containers of killed runs are gone by now
      await release(temporary);
    });
  });
}

/** The version of an unpacked kernel, for example `6.1`. */
export function versionOf(tree: SourceTree): string | undefined {
  const makefile = join(hostPath(tree), 'Makefile');
  return lstat(makefile)?.isFile() ? versionIn(readBounded(makefile).toString()) : undefined;
}
