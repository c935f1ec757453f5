import { createHash } from 'node:crypto';

export interface Stanza {
  name: string;
  version: string;
  arch: string;
  depends?: string;
  sha256?: string;
}

/** Where the repository of the stanzas is. */
export const mirror = 'http://mirror/debian/';

/** What a package's file is called. */
export const fileOf = ({ name, version, arch }: Stanza): string => `${name}_${version}_${arch}.deb`;

/** A stanza of a repository's index (`Packages`), its other fields included. */
export function stanza(item: Stanza): string {
  const { name, version, arch, depends, sha256 } = item;
  return `Package: ${name}
Source: linux
Version: ${version}
Installed-Size: 4159
Maintainer: Debian Kernel Team <debian-kernel@lists.debian.org>
Architecture: ${arch}
Multi-Arch: foreign
Pre-Depends: dpkg (>= 1.17)
${depends === undefined ? '' : `Depends: ${depends}\n`}Description: Header files for Linux ${version}
 This package provides the header files, generally used for building
 out-of-tree kernel modules.
 .
 Version: none of this is a field
Description-md5: bffcfa7701cf56dd84067370c5d583c9
Homepage: https://www.kernel.org/
Section: kernel
Priority: optional
Filename: pool/main/l/linux/${fileOf(item)}
Size: 1835236
SHA256: ${sha256 ?? createHash('sha256').update(fileOf(item)).digest('hex')}
`;
}

/** The fields that the script for the index prints. */
const printed = /^(Package|Version|Architecture|Depends|Filename|Size|SHA256): /;

/** What the script for the index prints of these packages. */
export const aptIndexText = (...stanzas: Stanza[]): string =>
  stanzas
    .map((item) => {
      const lines = stanza(item)
        .split('\n')
        .filter((line) => printed.test(line));
      return `\n${[`X-Repository: ${mirror}`, ...lines].join('\n')}\n`;
    })
    .join('');

/** The stanzas of one release of Debian 12's headers, for both architectures. */
export function bookwormKernel(abi: string, version: string): Stanza[] {
  const depends = (flavour = '') =>
    `linux-headers-${abi}-common${flavour} (= ${version}), linux-kbuild-6.1 (>= ${version}), gcc-12`;
  const headers = ['arm64', 'amd64'].flatMap((arch) => [
    { name: `linux-headers-${abi}-${arch}`, version, arch, depends: depends() },
    { name: `linux-headers-${abi}-rt-${arch}`, version, arch, depends: depends('-rt') },
    { name: `linux-kbuild-6.1`, version, arch, depends: 'libc6 (>= 2.34), libelf1 (>= 0.142)' },
  ]);
  const commons = ['-common', '-common-rt'].map((suffix) => ({
    name: `linux-headers-${abi}${suffix}`,
    version,
    arch: 'all',
  }));
  return [...headers, ...commons];
}

/** A version of the meta packages that follow a suite's kernel. */
export function metaPackages(release: string, version: string): Stanza[] {
  return ['arm64', 'amd64'].map((arch) => ({
    name: `linux-headers-${arch}`,
    version,
    arch,
    depends: `linux-headers-${release}-${arch} (= ${version})`,
  }));
}
