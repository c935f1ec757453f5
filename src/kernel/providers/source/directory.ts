import { createHash } from 'node:crypto';
import { readdirSync, readlinkSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { lstat } from '../../tree.js';
import { invalid } from './description.js';

/** What a build in the source leaves there; Kbuild refuses it for a build elsewhere (`O=`). */
const buildTraces = ['.config', 'include/config', 'include/generated'];

/**
 * Names the state of a plain directory: path, names, sizes, modes and times of all that is in it.
 * @throws KbuildError KERNEL_SOURCE_INVALID if a kernel was configured in it
 */
export function directoryFingerprint(directory: string): string {
  const trace = buildTraces.find((name) => lstat(join(directory, name)) !== undefined);
  if (trace !== undefined) throw notClean(directory, trace);
  const hash = createHash('sha256').update(realpathSync(directory));
  const walk = (below: string): void => {
    for (const name of readdirSync(join(directory, below)).sort()) {
      const path = join(below, name);
      const stat = lstat(join(directory, path));
      if (stat === undefined) continue;
      const { mode, size, mtimeMs, ctimeMs, ino } = stat;
      if (stat.isSymbolicLink()) {
        hash.update(`\0${path}\0${readlinkSync(join(directory, path))}`);
      } else if (stat.isDirectory()) {
        hash.update(`\0${path}\0${mode}`);
        walk(path);
      } else {
        hash.update(`\0${path}\0${mode} ${size} ${mtimeMs} ${ctimeMs} ${ino}`);
      }
    }
  };
  walk('');
  return hash.digest('hex');
}

export const notClean = (source: string, trace: string) =>
  invalid(
    `a kernel was configured in ${source} itself: it has ${trace}`,
    "If it is built, give it as it is: --kdir <path>. Else run 'make mrproper' in it (keep its .config elsewhere, and name it as config).",
  );
