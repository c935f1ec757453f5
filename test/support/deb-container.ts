import { fetchedKdir } from './kdir.js';
import {
  imageWithPackages,
  runInImage,
  type DkmsContainer,
  type DkmsSuite,
} from './dkms-container.js';

/** What packages of modules are for: the newest cloud kernel of a suite's own series, the smallest. */
export const cloudKernel = (suite: DkmsSuite): string =>
  `debian:${suite}/${suite === 'bookworm' ? '6.1.' : ''}*-cloud-*/latest`;

/** A machine of a suite with that kernel installed, its initramfs, and lintian; without a network. */
export async function debContainer(suite: DkmsSuite): Promise<DkmsContainer> {
  const { release: kernel } = await fetchedKdir(cloudKernel(suite), 'x86_64');
  const packages = [`linux-image-${kernel}`, 'initramfs-tools', 'kmod', 'zstd', 'gnupg', 'lintian'];
  const image = await imageWithPackages(`test-deb-${suite}`, suite, packages, [
    `test -e /boot/initrd.img-${kernel}`,
  ]);
  return { image, kernel, run: (script, options) => runInImage(image, kernel, script, options) };
}
