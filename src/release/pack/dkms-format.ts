import { debianPackage } from '../dkms/debian-package.js';
import { sourceTarball } from '../dkms/dkms-tarball.js';
import { rpmPackage } from '../dkms/rpm-package.js';
import type { PackageFormat, ReleaseFile } from './format.js';
import { debImage, rpmImage } from './pack-image.js';

/**
 * The sources for dkms, as packages of Debian's and of rpm's, and as a tarball: for kernels that
 * nothing was built for. They hold no modules that could be read back.
 */
export const dkmsFormat: PackageFormat = {
  pack: async (projects, { epoch, run }) => {
    const all = projects.flatMap(({ sources }) => sources ?? []);
    const debs = await run(
      all.map((sources) => debianPackage(sources, epoch)),
      debImage,
    );
    const rpms = await run(
      all.map((sources) => rpmPackage(sources, epoch)),
      rpmImage,
    );
    const tarballs = await Promise.all(all.map((sources) => sourceTarball(sources, epoch)));
    return [...debs, ...rpms, ...tarballs].map(({ name, bytes }): ReleaseFile => ({
      path: `dkms/${name}`,
      bytes,
    }));
  },
};
