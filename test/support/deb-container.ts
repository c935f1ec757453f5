import { fetchedKdir } from './kdir.js';
import { runInImage, type DkmsContainer, type DkmsSuite } from './dkms-container.js';
import { suiteImage } from './suite-image.js';

/** What packages of modules are for: the newest cloud kernel of a suite's own series, the smallest. */
export const cloudKernel = (suite: DkmsSuite): string =>
  `debian:${suite}/${suite === 'bookworm' ? '6.1.' : ''}*-cloud-*/latest`;

/** A machine of a suite with that kernel installed, its initramfs, and lintian; without a network. */
export async function debContainer(suite: DkmsSuite): Promise<DkmsContainer> {
  const { release: kernel } = await fetchedKdir(cloudKernel(suite), 'x86_64');
  const signed = `linux-image-${kernel}`;
  // Of the newest kernel there may be only what is not signed yet.
  const image = `$(apt-cache show ${signed} 2>/dev/null | grep -q ^Package && echo ${signed} || echo ${signed}-unsigned)`;
  const packages = [image, 'initramfs-tools', 'kmod', 'zstd', 'gnupg', 'lintian'];
  const check = `test -e /boot/initrd.img-${kernel}`;
  const id = await suiteImage({ name: `test-deb-${suite}`, suite, packages, check });
  return { image: id, kernel, run: (script, options) => runInImage(id, kernel, script, options) };
}
