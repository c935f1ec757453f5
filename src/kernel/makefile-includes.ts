import { dirname, resolve } from 'node:path';
import { readText } from './read-text.js';
import { locate, type Roots } from './tree.js';

/** An include of a Makefile that leads out of its directory. */
export interface MakefileInclude {
  /** As the Makefile has it: absolute, or `../Makefile`. */
  written: string;
  /** The same, as an absolute path of the tree. */
  path: string;
}

/**
 * The includes of a Makefile that lead out of its directory, where it names them without make's
 * variables. `make O=out` inside of a source tree writes `include ../Makefile`.
 */
export function makefileIncludes(roots: Roots, makefile: string): MakefileInclude[] {
  const lines = readText(locate(roots, makefile)).matchAll(/^-?include\s+((?:\/|\.\.\/)\S+)/gm);
  return [...lines].flatMap(([, written]) =>
    written === undefined || written.includes('$')
      ? []
      : [{ written, path: resolve(dirname(makefile), written) }],
  );
}
