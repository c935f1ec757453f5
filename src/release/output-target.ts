import { statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { KbuildError } from '../errors/kbuild-error.js';

/** A file, and where what is made of it goes. */
export interface OutputTarget {
  file: string;
  target: string;
}

/**
 * Where the results of several files go: beside them (or over them, without a suffix), into the
 * directory `output`, or to the file `output` if there is one file and no such directory.
 * @throws KbuildError USAGE if two of them would go to one place
 */
export function outputTargets(
  files: readonly string[],
  output: string | undefined,
  suffix = '',
): OutputTarget[] {
  const directory =
    output !== undefined && (files.length > 1 || output.endsWith('/') || isDirectory(output));
  const targetOf = (file: string): string => {
    if (output === undefined) return `${file}${suffix}`;
    return directory ? join(output, `${basename(file)}${suffix}`) : output;
  };
  const targets = files.map((file) => ({ file, target: targetOf(file) }));
  const seen = new Map<string, string>();
  for (const { file, target } of targets) {
    const other = seen.get(resolve(target));
    if (other !== undefined && resolve(other) !== resolve(file)) {
      throw new KbuildError(
        'USAGE',
        `${other} and ${file} would both be written to ${target}`,
        'Give each an --out of its own, or none.',
      );
    }
    seen.set(resolve(target), file);
  }
  return targets;
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
