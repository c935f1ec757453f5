import { realpathSync } from 'node:fs';
import { isAbsolute, posix, relative } from 'node:path';

/**
 * Where a file of a diagnostic lies: below the root of the sources, relative to it; or elsewhere, as the
 * compiler named it. A relative one that is not the project's is a file of the kernel.
 */
export type SourcePlace =
  | { kind: 'source'; path: string }
  | { kind: 'kernel'; path: string }
  | { kind: 'other'; path: string };

/** @param root absolute: what a CI system has checked out */
export function sourcePlaceIn(root: string): (file: string) => SourcePlace {
  const roots = [root, realPath(root)];
  return (file) => {
    if (!isAbsolute(file)) return { kind: 'kernel', path: posix.normalize(file) };
    for (const one of roots) {
      const path = relative(one, file);
      if (path !== '' && path !== '..' && !path.startsWith('../')) return { kind: 'source', path };
    }
    return { kind: 'other', path: file };
  };
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path; // it need not exist
  }
}
