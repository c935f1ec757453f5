import { statSync } from 'node:fs';
import { refusalOf } from './findings.js';
import type { Kdir, ReadKdirOptions } from './kdir-value.js';
import { surveyKdir, type KdirSurvey } from './survey.js';
import { follow } from './tree.js';

export type { Kdir, ReadKdirOptions } from './kdir-value.js';

/**
 * Reads what a KDIR is, and refuses one that cannot build modules, for the first reason of all.
 * @param path absolute, as the build will see it
 * @throws KbuildError KDIR_*, FILE_UNREADABLE
 */
export function readKdir(path: string, options: ReadKdirOptions = {}): Kdir {
  return kdirOf(surveyKdir(path, { ...options, depth: 'quick' }));
}

/**
 * What a KDIR is that was looked over.
 * @throws KbuildError KDIR_*, FILE_UNREADABLE
 */
export function kdirOf({ path, kdir, findings }: KdirSurvey): Kdir {
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
