import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheDirectory } from '../../src/storage/directories.js';
import { named, reporter, sourceTarball } from './source-kernel-described.js';
import { makeKernel } from './source-kernel-run.js';

/** A kernel that looks for faults, with debug information. */
export interface DebugKernel {
  /** As `--kernel` takes it. */
  ref: string;
  vmlinux: string;
  /** The source that it was built of. */
  source: string;
}

/** What it is described by. */
export async function debugDescription(): Promise<string> {
  const description = {
    source: await sourceTarball(),
    arch: 'x86_64',
    toolchain: 'gcc-12',
    config: 'allnoconfig',
    fragments: [fileURLToPath(new URL('debug-x86_64.config', import.meta.url))],
    localversion: '-debug',
  };
  const text = JSON.stringify(description);
  const file = `${named('x86_64-debug', text)}.json`;
  if (!existsSync(file)) await writeFile(file, text);
  return file;
}

/**
 * Linux 6.1 for x86_64 with KASAN, UBSAN, lockdep, kmemleak and short times for what does not get on. It takes
 * minutes the first time: give the hook that calls it a timeout to match.
 */
export async function debugKernel(): Promise<DebugKernel> {
  const file = await debugDescription();
  const made = await makeKernel(file, 'x86_64', cacheDirectory(), { emit: reporter() });
  return { ref: `source:${file}`, vmlinux: join(made.directory, 'vmlinux'), source: made.source };
}
