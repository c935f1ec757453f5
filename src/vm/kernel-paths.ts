/** A function of which it is known which file of the kernel it stands in. */
export const knownFunction = 'kernel_init';
const knownFile = '/init/main.c';

/**
 * Names files of the kernel as its developers do, `mm/slub.c`, wherever it was built; others keep their names.
 * @param known where debug information says that the known function stands; it tells where the source lay
 */
export function kernelPaths(known: string | undefined): (path: string) => string {
  if (known?.endsWith(knownFile) !== true) return (path) => path;
  const root = known.slice(0, 1 - knownFile.length);
  return (path) => (path.startsWith(root) ? path.slice(root.length) : path);
}
