import { describe, expect, it } from 'vitest';
import { bookwormArchive, newest } from '../../test/support/bookworm-archive.js';
import { bookwormRepository, fakeApt } from '../../test/support/fake-apt.js';
import { kdirFiles } from '../../test/support/kdir-tree.js';
import { temporaryDirectory } from '../../test/support/temporary-directory.js';
import { archByName } from '../arch/arch.js';
import { readKdir } from './kdir.js';
import { kernelPackages, metaPackage } from './kernel-packages.js';
import { shippedRepositories, type AptRepository } from './repository.js';
import { resolveKernels } from './resolve.js';

const release = `${newest.abi}-arm64`;

async function fetched(repository?: AptRepository) {
  const { context } = fakeApt(bookwormArchive());
  const own = repository === undefined ? context : { ...context, repositories: [repository] };
  const ref = `debian:bookworm/${release}`;
  const [kdir] = await resolveKernels([ref], [archByName('arm64')], undefined, own);
  return { kdir: kdir!, context: own };
}

describe('kernelPackages', () => {
  it('are those of the repository that the KDIR was fetched from, and its flavour’s meta', async () => {
    const { kdir, context } = await fetched();
    expect(kernelPackages(kdir, context)).toEqual({
      packages: [`linux-image-${release}`, `linux-image-${release}-unsigned`],
      meta: 'linux-image-arm64',
      suite: 'debian:bookworm',
    });
  });

  it('has no meta where the description names none', async () => {
    const repository = structuredClone(bookwormRepository);
    delete repository.kernels.image?.metas;
    const { kdir, context } = await fetched(repository);
    expect(kernelPackages(kdir, context)).toEqual({
      packages: [`linux-image-${release}`, `linux-image-${release}-unsigned`],
      suite: 'debian:bookworm',
    });
    delete repository.kernels.image;
    const nameless = await fetched(repository);
    expect(kernelPackages(nameless.kdir, nameless.context)).toBeUndefined();
  });

  it('knows nothing of a KDIR that is of no package', () => {
    const kdir = readKdir(temporaryDirectory(kdirFiles()));
    expect(kernelPackages(kdir, fakeApt(bookwormArchive()).context)).toBeUndefined();
  });

  // Names of meta packages as Debian and Ubuntu have them.
  it.each([
    ['debian:bullseye', '5.10.0-32-rt-amd64', 'linux-image-rt-amd64'],
    ['debian:bullseye', '6.1.0-0.deb11.52-cloud-amd64', 'linux-image-6.1-cloud-amd64'],
    ['debian:bookworm', '6.1.0-56-cloud-arm64', 'linux-image-cloud-arm64'],
    ['debian:bookworm', '6.12.117+deb12-cloud-amd64', 'linux-image-6.12-cloud-amd64'],
    ['debian:bookworm-backports', '6.12.95+deb12-arm64', 'linux-image-arm64'],
    ['debian:trixie', '6.12.118+deb13-arm64-16k', 'linux-image-arm64-16k'],
    ['debian:sid', '7.2.13-amd64', 'linux-image-amd64'],
    ['ubuntu:noble', '6.8.0-45-lowlatency-64k', 'linux-image-lowlatency-64k'],
    ['debian:sid', '7.2.13', undefined],
  ])('finds in %s the meta package of %s', (id, text, meta) => {
    const repository = shippedRepositories().find(
      ({ distribution, name }) => `${distribution}:${name}` === id,
    ) as AptRepository;
    expect(metaPackage(repository.kernels.image?.metas ?? [], text)).toBe(meta);
  });
});
