/** One file of a tree, as it goes into a package. */
export interface TreeEntry {
  /** Relative to the tree. */
  path: string;
  content: Uint8Array | string;
  executable: boolean;
  /** Set for a symbolic link: where it points, as it is written. */
  link?: string;
}
