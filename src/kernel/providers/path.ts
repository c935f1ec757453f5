import { realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import { resolve } from 'node:path';
import { readKdir, type Kdir } from '../kdir.js';
import type { KernelProvider } from './port.js';

/** A KDIR by its path on this machine. Its own arch is what counts, whatever archs are asked. */
export const pathProvider: KernelProvider<'path'> = {
  resolve: ({ path }) => Promise.resolve([kdirAt(path)]),
  list: ({ path }) => {
    const { release, arch } = kdirAt(path);
    return Promise.resolve([{ ref: path, release, arch, fetched: true }]);
  },
};

function kdirAt(path: string): Kdir {
  const absolute = resolve(path.replace(/^~(?=\/|$)/, homedir()));
  let real = absolute;
  try {
    // /lib/modules/<release>/build is a link: the build sees what it leads to.
    real = realpathSync(absolute);
  } catch {
    // readKdir says what is missing.
  }
  return readKdir(real);
}
