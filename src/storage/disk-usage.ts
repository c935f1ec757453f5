import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** What a file, or a directory with all below it, takes on disk; what vanishes meanwhile, nothing. Bytes. */
export async function diskUsage(path: string): Promise<number> {
  try {
    return await sizeOf(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
    throw error;
  }
}

async function sizeOf(path: string): Promise<number> {
  const stat = await lstat(path);
  let size = stat.blocks * 512; // stat(2): st_blocks counts in 512 bytes whatever the block size
  if (!stat.isDirectory()) return size;
  for (const name of await readdir(path)) size += await diskUsage(join(path, name));
  return size;
}
