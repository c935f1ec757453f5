import { runInImage, type ContainerMount } from './dkms-container.js';
import { suiteImage } from './suite-image.js';

/** What makes, reads and judges rpms, on Debian. */
const packages = [
  ...['rpm', 'rpmlint', 'dnf', 'createrepo-c', 'gpg', 'gpg-agent', 'kmod', 'binutils'],
];

/** Runs a script of bash as root in a new container without a network, which is gone afterwards. */
export async function runRpmTools(script: string, mounts: ContainerMount[]) {
  const image = await suiteImage({ name: 'test-rpm-tools', suite: 'bookworm', packages });
  return runInImage(image, '', script, { mounts });
}
