import { hostArch } from '../../src/arch/arch.js';
import { aptIndexText, bookwormKernel, metaPackages } from './apt-stanza.js';
import type { Archive } from './fake-apt.js';
import { debianHeaders, kdirFiles, under } from './kdir-tree.js';
import type { FileTree } from './temporary-directory.js';

/** Two kernels of Debian 12. */
export const newest = { abi: '6.1.0-56', version: '6.1.192-2' };
export const older = { abi: '6.1.0-50', version: '6.1.176-1' };

type FakeKernel = typeof newest;

/** What the files of a kernel's packages are called. */
export const filesOf = ({ abi, version }: FakeKernel) => ({
  headers: `linux-headers-${abi}-arm64_${version}_arm64.deb`,
  common: `linux-headers-${abi}-common_${version}_all.deb`,
  kbuild: `linux-kbuild-6.1_${version}_${hostArch().debian}.deb`,
});

/** The packages of one kernel for arm64, each in one directory, as a mirror offers them. */
export function packagesOf(kernel: FakeKernel): Record<string, FileTree> {
  const release = `${kernel.abi}-arm64`;
  const files = filesOf(kernel);
  const kdir: FileTree = {
    ...kdirFiles(),
    'include/generated/utsrelease.h': `#define UTS_RELEASE "${release}"\n`,
  };
  return {
    [files.headers]: under(`usr/src/linux-headers-${release}`, kdir),
    [files.common]: { 'usr/src/common': '' },
    [files.kbuild]: debianHeaders.kbuild,
  };
}

/** A mirror of Debian 12 with two kernels. */
export const bookwormArchive = (): Archive => ({
  index: aptIndexText(
    ...[newest, older].flatMap(({ abi, version }) => metaPackages(abi, version)),
    ...[newest, older].flatMap(({ abi, version }) => bookwormKernel(abi, version)),
  ),
  packages: { ...packagesOf(newest), ...packagesOf(older) },
});

/** The same, without some files. */
export function archiveWithout(...files: string[]): Archive {
  const archive = bookwormArchive();
  for (const file of files) Reflect.deleteProperty(archive.packages, file);
  return archive;
}
