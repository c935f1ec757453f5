import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { archByName } from '../../src/arch/arch.js';
import { aptIndex, fetchPackages } from '../../src/kernel/providers/apt.js';
import { suiteByName } from '../../src/kernel/suite.js';
import { cacheDirectory } from '../../src/storage/directories.js';
import { withSession } from '../../src/workflow/session.js';
import { fetchedKdir } from './kdir.js';

/** A kernel of Debian as its users install it, unpacked in the cache. */
export interface DebianImage {
  release: string;
  /** What `--kernel` takes for its KDIR. */
  ref: string;
  /** lib/modules/<release>: all of its modules, signed. */
  modules: string;
  /** boot/vmlinuz-<release>. */
  vmlinuz: string;
}

/** The image package of a suite's newest kernel, of the same version as its headers package. */
export async function debianImage(suiteName: string, arch: string): Promise<DebianImage> {
  const { release } = await fetchedKdir(`debian:${suiteName}`, arch);
  const { debian: architecture } = archByName(arch);
  const suite = suiteByName(suiteName);
  const options = {
    cache: cacheDirectory(),
    runtime: 'docker' as const,
    emit: () => undefined,
    signal: new AbortController().signal,
  };
  const [directory = ''] = await withSession(options, async ({ provider }) => {
    const index = await aptIndex(suite, provider);
    const headers = index.find(
      (p) => p.name === `linux-headers-${release}` && p.architecture === architecture,
    );
    if (headers === undefined) throw new Error(`there are no headers of ${release}`);
    const image = { ...headers, name: `linux-image-${release}` };
    return fetchPackages(suite, [image], `kernel image ${release}`, provider);
  });
  const root = join(directory, 'root');
  const lib = ['lib', 'usr/lib'].map((below) => join(root, below, 'modules', release));
  return {
    release,
    ref: `debian:${suiteName}/${release}`,
    modules: lib.find((path) => existsSync(path)) ?? '',
    vmlinuz: join(root, 'boot', `vmlinuz-${release}`),
  };
}
