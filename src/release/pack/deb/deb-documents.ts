import { gzipSync } from 'node:zlib';
import type { PackageAbout } from '../../dkms/source-package.js';
import type { TreeEntry } from '../tree-entry.js';

/**
 * The file that says of a package whose it is, and under which licence (policy 12.5).
 * @param terms where the licence is said, file by file
 */
export function copyright(
  deb: string,
  { name, about }: { name: string; about: PackageAbout },
  terms: string,
): TreeEntry {
  const license = about.license ?? 'see-sources';
  const lines = [
    'Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/',
    `Upstream-Name: ${name}`,
    ...(about.homepage === undefined ? [] : [`Source: ${about.homepage}`]),
    '',
    'Files: *',
    `Copyright: the authors of ${name}, as its files say`,
    `License: ${license.replaceAll(/[^\w.+-]+/g, '-')}`,
    ` ${terms}`,
    ...(license.includes('GPL')
      ? [' .', " On Debian systems, the GPL's text is in /usr/share/common-licenses/GPL-2."]
      : []),
    '',
  ];
  const path = `usr/share/doc/${deb}/copyright`;
  return { path, content: lines.join('\n'), executable: false };
}

/**
 * The changelog of a package (policy 12.7): one entry, since kbuild-ts does not know of earlier ones.
 * @param epoch seconds since 1970
 */
export function changelog(
  deb: string,
  version: string,
  maintainer: string,
  epoch: number,
): TreeEntry {
  // RFC 5322, as Debian's changelogs have it.
  const date = new Date(epoch * 1000).toUTCString().replace('GMT', '+0000');
  const text = `${deb} (${version}) unstable; urgency=medium\n\n  * Made by kbuild-ts.\n\n -- ${maintainer}  ${date}\n`;
  const name = version.includes('-') ? 'changelog.Debian.gz' : 'changelog.gz';
  const content = gzipSync(text, { level: 9 });
  return { path: `usr/share/doc/${deb}/${name}`, content, executable: false };
}
