import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, readlinkSync, statSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import type { KdirMount } from './closure.js';
import { longestText } from './read-text.js';
import { lstat } from './tree.js';

/** What a module's build reads of a kernel tree; the rest (drivers/, *.o) does not matter. */
const relevant = [
  '.config',
  '.kernelvariables',
  'Makefile',
  'Module.symvers',
  'include',
  'scripts',
  'tools/objtool/objtool',
  'tools/bpf/resolve_btfids/resolve_btfids',
  'vmlinux',
];
/** Small files whose content decides; of the others, size and time stand for it. */
const byContent = new Set(['.config', '.kernelvariables', 'Makefile', 'Module.symvers']);

/**
 * A hash over a KDIR that kbuild-ts did not fetch itself: the contents of what configures it,
 * and name, size and modification time of every file that a module's build may read. Hexadecimal.
 */
export function treeFingerprint(mounts: readonly KdirMount[]): string {
  const hash = createHash('sha256');
  // Tens of thousands of names: one call of the hash for many of them.
  let names = '';
  const flush = (): void => {
    hash.update(names);
    names = '';
  };
  for (const { source, target } of mounts) {
    names += `${target}\0`;
    const stat = statSync(source);
    if (!stat.isDirectory()) {
      content(source, stat);
      continue;
    }
    const entries = readdirSync(source).sort();
    const isKernelTree = entries.includes('arch') || entries.includes('.config');
    for (const name of isKernelTree ? relevant : entries) add(source, name);
    for (const arch of list(join(source, 'arch'))) {
      add(source, `arch/${arch}/include`);
      add(source, `arch/${arch}/Makefile`);
      add(source, `arch/${arch}/scripts`);
    }
  }
  flush();
  return hash.digest('hex');

  function add(root: string, name: string): void {
    const path = `${root}/${name}`;
    const stat = lstat(path);
    if (stat === undefined) return;
    if (stat.isDirectory()) {
      for (const entry of readdirSync(path).sort()) add(root, `${name}/${entry}`);
    } else if (stat.isSymbolicLink()) {
      names += `${name}\0-> ${readlinkSync(path)}\0`;
    } else if (byContent.has(name)) {
      names += `${name}\0`;
      content(path, stat);
    } else {
      names += `${name}\0${stat.size}\0${stat.mtimeMs}\0`;
    }
  }

  /** Of a regular file (a pipe or a device may never end); of a vmlinux, size and time again. */
  function content(path: string, stat: Stats): void {
    const isRead = stat.isFile() && stat.size <= longestText;
    if (isRead) {
      flush();
      hash.update(readFileSync(path));
    } else names += `${stat.size}\0${stat.mtimeMs}\0`;
  }
}

function list(path: string): string[] {
  return lstat(path)?.isDirectory() ? readdirSync(path).sort() : [];
}
