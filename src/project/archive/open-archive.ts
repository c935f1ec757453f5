import { createHash } from 'node:crypto';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { KbuildError } from '../../errors/kbuild-error.js';
import { makeDirectoryAtomic, removeWhole } from '../../storage/atomic.js';
import { claim, release } from '../../storage/claim.js';
import { reapLeftovers } from '../../storage/leftovers.js';
import { withLock } from '../../storage/lock.js';
import { markUsed } from '../../storage/mark-used.js';
import type { Origin } from '../project.js';
import { archiveKind } from './archive-kind.js';
import type { LeftOut } from './archive-tree.js';
import { readDeb } from './deb.js';
import { keptFormat, listTree, readKept, recordOf, rootOf, type KeptRecord } from './kept-tree.js';
import { archiveLimits, type ArchiveLimits } from './limits.js';
import { placesInDeb, placesInTar, sourcesOfDeb } from './places.js';
import { Refusal } from './refusal.js';
import { unpackTar } from './unpack-tar.js';

/** What unpacking an archive needs. */
export interface ArchiveContext {
  /** The cache directory. */
  cache: string;
  signal: AbortSignal;
}

/** An archive of sources, unpacked in the cache. */
export interface OpenedArchive {
  /** What its projects' `origin` is. */
  origin: Origin;
  /** The root of what was in it; absolute. Nothing in it leads out of here. */
  root: string;
  /** The directories of its projects; absolute. */
  directories: string[];
  /** Links of the archive that lead out of it, and are not there. */
  leftOut: LeftOut[];
  /** SHA-256 of the archive, hexadecimal. */
  hash: string;
}

/**
 * Unpacks an archive of sources into the cache, unless that was done before: the `usr/src` of a
 * Debian package with a `usr/src/<name>/dkms.conf`, or a tar archive with a project at its root or
 * below.
 * Nothing of it is executed. No engine is needed.
 * @param archive absolute
 * @throws KbuildError SOURCE_ARCHIVE, FILE_UNREADABLE, STORAGE_FAILED, INTERRUPTED
 */
export async function openArchive(
  archive: string,
  { cache, signal }: ArchiveContext,
  limits = archiveLimits,
): Promise<OpenedArchive> {
  try {
    return await open(archive, cache, signal, limits);
  } catch (cause) {
    if (!(cause instanceof Refusal)) throw cause;
    throw new KbuildError(
      'SOURCE_ARCHIVE',
      `${archive} cannot be used: ${cause.message}`,
      cause.hint,
      { cause },
    );
  }
}

async function open(
  archive: string,
  cache: string,
  signal: AbortSignal,
  limits: ArchiveLimits,
): Promise<OpenedArchive> {
  const bytes = await read(archive, limits);
  const kind = archiveKind(bytes);
  const hash = createHash('sha256').update(bytes).digest('hex');
  const name = nameOf(archive);
  // A package names its projects' directories; a tar archive may take its own name for one.
  const key = kind === 'deb' ? hash : `${hash}-${name}`;
  const directory = join(cache, 'sources', key);
  const known = readKept(directory);
  const record =
    known ??
    (await withLock(join(cache, 'locks', `archive-${key}`), signal, async () => {
      const others = readKept(directory);
      if (others !== undefined) return others;
      await reapLeftovers(join(cache, 'sources'));
      await removeWhole(directory).catch((error: unknown) => {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      });
      return unpack({ kind, name, bytes }, directory, limits, signal);
    }));
  markUsed(directory);
  const root = rootOf(directory);
  const { control, places, leftOut } = record;
  return {
    origin: { archive, ...control },
    root,
    directories: places.map((place) => join(root, place)),
    leftOut,
    hash,
  };
}

async function read(archive: string, limits: ArchiveLimits): Promise<Buffer> {
  try {
    const about = await stat(archive);
    if (!about.isFile()) throw new Refusal('it is neither a file nor a directory');
    if (about.size > limits.bytes) {
      throw new Refusal(
        `it has ${about.size} bytes, more than ${limits.bytes}`,
        'No driver is that large. If you trust it, unpack it yourself and name the directory.',
      );
    }
    return await readFile(archive);
  } catch (cause) {
    if (cause instanceof Refusal) throw cause;
    throw new KbuildError(
      'FILE_UNREADABLE',
      `${archive} cannot be read: ${(cause as Error).message}`,
      'Mend its permissions, or name another file.',
      { cause },
    );
  }
}

/** The name of an archive without what tells its format; of a tarball of dkms, its source tree's. */
export function nameOf(archive: string): string {
  const stem = basename(archive).replace(/\.(deb|tgz|txz|tzst|(tar(\.(gz|xz|zst))?))$/i, '');
  const source = stem.endsWith('.dkms')
    ? stem.slice(0, -'.dkms'.length).replace(/-(source-only|kernel.*)$/, '')
    : stem;
  const name = source.replaceAll(/[^A-Za-z0-9._+-]+/g, '_').slice(0, 100);
  return /^[A-Za-z0-9]/.test(name) ? name : `source${name}`;
}

interface Packed {
  kind: 'deb' | 'tar';
  name: string;
  bytes: Uint8Array;
}

/** Unpacks an archive so that all of it appears at once, or nothing. */
async function unpack(
  { kind, name, bytes }: Packed,
  directory: string,
  limits: ArchiveLimits,
  signal: AbortSignal,
): Promise<KeptRecord> {
  const deb = kind === 'deb' ? await readDeb(bytes) : undefined;
  let record: KeptRecord | undefined;
  await makeDirectoryAtomic(directory, async (temporary) => {
    await claim(temporary);
    const root = rootOf(temporary);
    await mkdir(root);
    const part = deb ? sourcesOfDeb : [];
    const leftOut = await unpackTar(deb?.data ?? bytes, root, limits, signal, part);
    const places = deb ? placesInDeb(root) : await placesInTar(temporary, name);
    record = {
      format: keptFormat,
      ...(deb && { control: deb.control }),
      places,
      leftOut,
      entries: listTree(root),
    };
    await writeFile(recordOf(temporary), JSON.stringify(record));
    await release(temporary);
  });
  if (record === undefined) throw new Error('the archive was not unpacked');
  return record;
}
