import {
  accessSync,
  chmodSync,
  constants,
  copyFileSync,
  mkdirSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
  type Stats,
} from 'node:fs';
import { join, posix } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { throwIfInterrupted } from '../../errors/kbuild-error.js';
import { elfMachine } from './elf-machine.js';
import type { LayerShape } from './layer-shape.js';
import type { LayerEntry } from './walk-kdir.js';

/** What make leaves of its work: a layer has none of it, so that nothing counts as made. */
const products = /(?:\.(?:o|a|ko|dbg)|\.o\.d)$|^\..*\.(?:cmd|d)$|^\.tmp_/;

/** Whether a file of the original belongs into a layer: no products, and no host tools that go. */
export function layerFilter(
  shape: LayerShape,
  machine: number,
): (entry: { path: string; source: string; stat: Stats }) => boolean {
  return ({ path, source, stat }) => {
    const name = posix.basename(path);
    if (!path.includes('/')) return true;
    if (products.test(name)) return false;
    const mayBeProgram = (stat.mode & 0o111) !== 0 || /^[^.]*$|\.so$/.test(name);
    if (!mayBeProgram) return true;
    const elf = elfMachine(source);
    if (elf === undefined) return true;
    return elf === machine && !shape.remade.has(posix.dirname(path));
  };
}

/**
 * Fills a directory with the entries of a layer. Copies keep their times, since make goes by them;
 * they are never hard links, since a tool may write in place.
 * @returns the entries that the original passes through
 */
export async function lay(
  entries: Iterable<LayerEntry>,
  directory: string,
  signal: AbortSignal,
): Promise<Extract<LayerEntry, { kind: 'pass' }>[]> {
  const passed = [];
  mkdirSync(directory, { recursive: true });
  let count = 0;
  for (const entry of entries) {
    if (++count % 200 === 0) {
      await setImmediate(); // a source tree has thousands of files
      throwIfInterrupted(signal);
    }
    const path = join(directory, entry.path);
    switch (entry.kind) {
      case 'directory':
        mkdirSync(path);
        break;
      case 'link':
        symlinkSync(entry.target, path);
        break;
      case 'file':
        copy(entry.source, path, entry.stat);
        break;
      case 'pass':
        if (entry.directory) mkdirSync(path);
        else writeFileSync(path, '');
        passed.push(entry);
    }
  }
  return passed;
}

function copy(source: string, path: string, stat: Stats): void {
  try {
    copyFileSync(source, path, constants.COPYFILE_FICLONE);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).syscall !== 'copyfile' || isReadable(source)) throw error;
    return; // a private file (a key): no build could read it either
  }
  // Whoever owns the original: the copy is ours, and the build's user reads it.
  chmodSync(path, (stat.mode & 0o111) !== 0 ? 0o755 : 0o644);
  utimesSync(path, stat.atime, stat.mtime);
}

function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}
