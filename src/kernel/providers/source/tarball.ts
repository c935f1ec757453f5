import { createHash } from 'node:crypto';
import { createReadStream, existsSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { throwIfInterrupted } from '../../../errors/kbuild-error.js';
import { writeFileAtomic } from '../../../storage/atomic.js';

/**
 * SHA-256 of a file, hexadecimal. It is remembered as long as the file looks unchanged: size, times
 * and inode.
 */
export async function fileHash(path: string, cache: string, signal: AbortSignal): Promise<string> {
  const { dev, ino, size, mtimeMs, ctimeMs } = statSync(path);
  const looks = createHash('sha256').update(JSON.stringify([dev, ino, size, mtimeMs, ctimeMs]));
  const note = join(cache, 'sources', 'hashes', looks.digest('hex'));
  const known = existsSync(note) ? readFileSync(note, 'utf8') : '';
  if (/^[\da-f]{64}$/.test(known)) return known;
  const hash = createHash('sha256');
  try {
    await pipeline(createReadStream(path, { highWaterMark: 2 ** 20 }), hash, { signal });
  } catch (error) {
    throwIfInterrupted(signal);
    throw error;
  }
  const digest = hash.digest('hex');
  await writeFileAtomic(note, digest);
  return digest;
}

/** The version that a tarball's name tells: `linux-6.6.1.tar.xz`, `linux-source-6.1.tar.xz`. */
export function versionInName(path: string): string | undefined {
  return /(?:^|[-_v])(\d+\.\d+)(?:\.\d+)*(?:[-_~+]?rc\d+)?(?:[._-]|$)/.exec(basename(path))?.[1];
}
