import { release } from 'node:os';
import { hostArch } from '../../arch/arch.js';
import { KbuildError } from '../../errors/kbuild-error.js';
import { isDirectory } from '../kdir.js';
import { pathProvider } from './path.js';
import type { KernelProvider } from './port.js';

const buildLink = (): string => `/lib/modules/${release()}/build`;

/** The kernel that this machine runs, by its installed headers. */
export const hostProvider: KernelProvider<'host'> = {
  resolve(_ref, archs, context) {
    if (!isDirectory(buildLink())) {
      throw new KbuildError(
        'KDIR_NOT_FOUND',
        `the headers of the running kernel ${release()} are not installed: ${buildLink()} does not exist`,
        'Install them (Debian: apt-get install linux-headers-$(uname -r)), or name another kernel.',
      );
    }
    return pathProvider.resolve({ provider: 'path', path: buildLink() }, archs, context);
  },
  list() {
    const fetched = isDirectory(buildLink());
    const listing = { ref: 'host', release: release(), arch: hostArch().name, fetched };
    return Promise.resolve([listing]);
  },
};
