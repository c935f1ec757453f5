import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { readSmallText } from '../storage/read-small-text.js';
import { makefiles } from './build-method.js';

/** Whether a directory is a DKMS source tree. */
export const hasDkmsConf = (directory: string): boolean => existsSync(join(directory, 'dkms.conf'));

/** The names of a directory's directories, sorted, without hidden ones; links are followed. */
export function directoriesIn(directory: string): string[] {
  try {
    return readdirSync(directory)
      .filter((name) => !name.startsWith('.'))
      .filter((name) => isDirectory(join(directory, name)))
      .sort();
  } catch {
    return []; // it is not there, or may not be read
  }
}

function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false; // a link that leads nowhere, or round
  }
}

/**
 * Whether a directory has a Kbuild, or a Makefile that has to do with kernel modules: one that names
 * their objects, hands them to the kernel's own (`M=`, `SUBDIRS=`), or has a target `modules`.
 * @throws KbuildError CONFIG_INVALID, FILE_UNREADABLE
 */
export function speaksOfModules(directory: string): boolean {
  return makefiles.some((file) => {
    const path = join(directory, file);
    if (!existsSync(path)) return false;
    return file === 'Kbuild' || modulesWords.test(readSmallText(path, 'CONFIG_INVALID'));
  });
}

const modulesWords =
  /\bobj-(m|y|\$[({])|\b(M|SUBDIRS)=|^modules[ \t]*:|^[ \t]*-?include[ \t].*Kbuild/m;
