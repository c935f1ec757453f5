/** An image that holds a distribution's own packaging tools. */
export interface PackImage {
  /** Tells it from others. */
  name: string;
  /** Debian packages that it has besides those of every image. */
  packages: readonly string[];
}

/** dpkg-deb is in every image. */
export const debImage: PackImage = { name: 'pack-deb', packages: [] };

export const rpmImage: PackImage = { name: 'pack-rpm', packages: ['rpm'] };

/** createrepo_c. */
export const rpmRepositoryImage: PackImage = {
  name: 'pack-rpm-repository',
  packages: ['createrepo-c', 'rpm-common'],
};

/** apt-ftparchive. */
export const aptRepositoryImage: PackImage = {
  name: 'pack-apt-repository',
  packages: ['apt-utils'],
};

/** What modules_install compresses with. */
export const compressImage: PackImage = { name: 'pack-compress', packages: ['xz-utils', 'zstd'] };
