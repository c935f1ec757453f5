import { unpackArchive } from '../../artifact/collect.js';
import type { UnpackedModule } from './format.js';

/** Where a root file system has the modules of a kernel. */
const installed = /^(?:usr\/)?lib\/modules\/([^/]+)\/(.*\.ko.*)$/;

/**
 * The modules in a tar archive of what a package installs.
 * @param file of the release that holds it
 */
export async function modulesInArchive(
  file: string,
  archive: Uint8Array,
): Promise<UnpackedModule[]> {
  const modules: UnpackedModule[] = [];
  for (const { path: entry, bytes } of await unpackArchive(Buffer.from(archive))) {
    const [, release = '', path] = installed.exec(entry) ?? [];
    if (path !== undefined) modules.push({ file, release, path, bytes });
  }
  return modules;
}
