import { readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import type { Kdir } from '../kdir.js';
import {
  kernelDirectory,
  recordFile,
  type KernelRecord,
} from '../providers/source/build-kernel.js';
import { kdirPath } from '../providers/source/scripts.js';
import { follow } from '../tree.js';
import type { BootSearch } from './boot-search.js';

/**
 * The image of a kernel that was made of its source. Its modules were never installed.
 * @returns undefined if the KDIR is of no such kernel
 */
export function preparedImage(kdir: Kdir, cache: string): BootSearch | undefined {
  const [key = ''] = relative(kernelDirectory('', cache), keptSource(kdir, cache) ?? '').split(sep);
  if (!/^[0-9a-f]{64}$/.test(key)) return undefined;
  const directory = kernelDirectory(key, cache);
  const record = JSON.parse(readFileSync(join(directory, recordFile), 'utf8')) as KernelRecord;
  const path = record.image && join(kdirPath(key), record.image);
  if (!path) return { looked: [`the description of ${record.release} says build: prepare`] };
  // Its build is not trusted: links in it lead to nothing else of this machine.
  const image = follow([join(directory, 'root')], path);
  return image === undefined ? { looked: [path] } : { files: { image } };
}

/** Where the KDIR, or what a layer leaves of it, lies among the kernels that were made. */
const keptSource = ({ configPath, mounts }: Kdir, cache: string): string | undefined =>
  [configPath, ...mounts.map(({ source }) => source)].find((path) =>
    path.startsWith(kernelDirectory('', cache)),
  );
