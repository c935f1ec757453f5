import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { archByName } from '../../src/arch/arch.js';
import { aptIndex, aptManager } from '../../src/kernel/providers/apt/apt.js';
import { fetchPackages } from '../../src/kernel/providers/fetch-packages.js';
import { shippedRepositories, type AptRepository } from '../../src/kernel/repository.js';
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
export async function debianImage(suite: string, arch: string): Promise<DebianImage> {
  const { release } = await fetchedKdir(`debian:${suite}`, arch);
  const { debian: architecture } = archByName(arch);
  const repository = shippedRepositories().find(
    (one): one is AptRepository => one.manager === 'apt' && one.name === suite,
  );
  if (repository === undefined) throw new Error(`no repository is called ${suite}`);
  const options = {
    cache: cacheDirectory(),
    runtime: 'docker' as const,
    emit: () => undefined,
    signal: new AbortController().signal,
  };
  const directory = await withSession(options, async ({ provider }) => {
    const index = await aptIndex(repository, provider);
    const image = index.find(
      (p) => p.name === `linux-image-${release}` && p.architecture === architecture,
    );
    if (image === undefined) throw new Error(`there is no image of ${release}`);
    const title = `kernel image ${release}`;
    const downloads = await fetchPackages(repository, aptManager, [image], title, provider);
    const download = downloads.get(image);
    if (download === undefined || 'error' in download) throw download?.error ?? new Error(title);
    return download.directory;
  });
  const root = join(directory, 'root');
  const lib = ['lib', 'usr/lib'].map((below) => join(root, below, 'modules', release));
  return {
    release,
    ref: `debian:${suite}/${release}`,
    modules: lib.find((path) => existsSync(path)) ?? '',
    vmlinuz: join(root, 'boot', `vmlinuz-${release}`),
  };
}
