import type { TreeEntry } from './tree-entry.js';

/** What a package is made of, and the script that makes it with a distribution's own tools. */
export interface PackageRecipe {
  /** The package's file name. */
  name: string;
  entries: TreeEntry[];
  /**
   * A shell script: finds the entries in `$SRC`, which is read-only, writes what it likes in `$TMP`,
   * and leaves the package in the file `$OUT`.
   */
  script: string;
}

/** A file to be written. */
export interface PackageFile {
  name: string;
  bytes: Uint8Array;
}
