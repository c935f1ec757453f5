import { readdirSync } from 'node:fs';
import { release } from 'node:os';
import { KbuildError } from '../../errors/kbuild-error.js';
import { isDirectory } from '../kdir.js';
import { compareReleases } from '../release.js';
import { selects, type Selector } from '../selector.js';
import { listingOf, resolutionOf } from './path.js';
import type { KernelProvider } from './port.js';

const modulesDirectory = '/lib/modules';

const buildLink = (kernel: string): string => `${modulesDirectory}/${kernel}/build`;

/** The kernels whose headers are installed on this machine; without a selector, the running one. */
export const hostProvider: KernelProvider<'host'> = {
  resolve({ selector }) {
    const releases = selected(selector);
    if (releases.length === 0) return Promise.reject(notInstalled(selector));
    return Promise.resolve(releases.map((name) => resolutionOf(buildLink(name), refOf(name))));
  },
  list({ selector }) {
    const releases = selector === undefined ? installed() : selected(selector);
    return Promise.resolve(
      releases.flatMap((name) => listingOf(buildLink(name), refOf(name)) ?? []),
    );
  },
};

const refOf = (kernel: string): string => (kernel === release() ? 'host' : `host/${kernel}`);

/** The releases with headers, newest first. */
function installed(): string[] {
  if (!isDirectory(modulesDirectory)) return [];
  return readdirSync(modulesDirectory)
    .filter((name) => isDirectory(buildLink(name)))
    .sort((a, b) => compareReleases(b, a));
}

function selected(selector: Selector | undefined): string[] {
  const releases = installed();
  if (selector === undefined) return releases.filter((name) => name === release());
  // The stock kernel of a machine is the one that it runs, if its headers are there.
  const stock = releases.includes(release()) ? release() : releases[0];
  const matching = releases.filter((name) => selects(selector, name, name === stock));
  return selector.latest ? matching.slice(0, 1) : matching;
}

function notInstalled(selector: Selector | undefined): KbuildError {
  if (selector !== undefined) {
    const known = installed();
    return new KbuildError(
      'KDIR_NOT_FOUND',
      `no kernel whose headers are installed matches 'host/${selector.text || 'latest'}'`,
      known.length > 0
        ? `Installed: ${known.join(', ')}.`
        : 'None are: install them (Debian: apt-get install linux-headers-amd64).',
    );
  }
  return new KbuildError(
    'KDIR_NOT_FOUND',
    `the headers of the running kernel ${release()} are not installed: ${buildLink(release())} does not exist`,
    'Install them (Debian: apt-get install linux-headers-$(uname -r)), or name another kernel.',
  );
}
