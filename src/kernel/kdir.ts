import { statSync } from 'node:fs';
import { refusalOf } from './findings.js';
import type { Kdir, ReadKdirOptions } from './kdir-value.js';
import { surveyKdir } from './survey.js';
import { follow } from './tree.js';

export type { Kdir, ReadKdirOptions } from './kdir-value.js';

/**
 * Reads what a KDIR is, and refuses one that cannot build modules, for the first reason of all.
 * @param path absolute, as the build will see it
 * @throws KbuildError KDIR_*, FILE_UNREADABLE
 */
export function readKdir(path: string, options: ReadKdirOptions = {}): Kdir {
  const { kdir, findings } = surveyKdir(path, { ...options, depth: 'quick' });
  if (kdir !== undefined) return kdir;
  for (const finding of findings) {
    const refusal = refusalOf(finding);
    if (refusal !== undefined) throw refusal;
  }
  throw new Error(`nothing is wrong with the KDIR ${path}, and yet it is none`);
}

export function isDirectory(path: string): boolean {
  return follow(['/'], path) !== undefined && statSync(path).isDirectory();
}
