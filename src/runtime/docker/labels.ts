/** Labels on everything that kbuild-ts makes in an engine. */
export const labels = {
  /** On containers: the process that made it, as storage/owner formats it. */
  owner: 'io.kbuild-ts.owner',
  /** On containers: what it is for. */
  title: 'io.kbuild-ts.title',
  /** On images: the hash over all that the image was made from. */
  imageKey: 'io.kbuild-ts.image-key',
} as const;
