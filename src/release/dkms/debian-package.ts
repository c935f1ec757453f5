import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { renderTemplate } from '../../data/template.js';
import { maintainerOf } from '../pack/describe.js';
import type { PackageRecipe } from '../pack/recipe.js';
import type { TreeEntry } from '../pack/tree-entry.js';
import { describePackage } from './about.js';
import { debianName, debianVersion } from './package-name.js';
import { treeName, type SourcePackage } from './source-package.js';

/**
 * The Debian package of a source tree: the sources in /usr/src, and maintainer scripts that do what
 * those of dh_dkms do.
 * @param epoch seconds since 1970: the time of all that is in it
 * @throws KbuildError DKMS_PACK_VERSION, DKMS_PACK_VALUE
 */
export function debianPackage(sources: SourcePackage, epoch: number): PackageRecipe {
  const { name, version, needs, about } = sources;
  const deb = debianName(name);
  const debVersion = debianVersion(version);
  const maintainer = maintainerOf(sources);
  const data = { deb, name, version, debVersion, maintainer, homepage: about.homepage };
  const files = [
    ...sources.entries.map((entry) => ({
      ...entry,
      path: `usr/src/${treeName(sources)}/${entry.path}`,
    })),
    copyright(sources, deb),
    {
      path: `usr/share/doc/${deb}/${debVersion.includes('-') ? 'changelog.Debian.gz' : 'changelog.gz'}`,
      content: gzipSync(changelog(deb, debVersion, maintainer, epoch), { level: 9 }),
      executable: false,
    },
  ];
  const control = renderTemplate('dkms/control.eta', {
    ...data,
    ...describePackage(sources),
    installedSize: installedSize(files),
    // The first that knows the limits on kernels, as dh_dkms has it.
    depends: [
      needs.includes('exclusive') ? 'dkms (>= 3.0.11)' : 'dkms (>= 2.1.0.0)',
      ...sources.depends.map(debianName),
    ],
  });
  const member = (path: string, content: string, executable = false) => ({
    path: `DEBIAN/${path}`,
    content,
    executable,
  });
  return {
    name: `${deb}_${debVersion}_all.deb`,
    entries: [
      member('control', control),
      member('md5sums', md5sums(files)),
      member('postinst', renderTemplate('dkms/postinst.eta', data), true),
      member('prerm', renderTemplate('dkms/prerm.eta', data), true),
      ...files,
    ],
    script: [
      'set -e',
      `export SOURCE_DATE_EPOCH=${epoch}`,
      'cp -a "$SRC" "$TMP/root"',
      `find "$TMP/root" -exec touch -h -d @${epoch} {} +`,
      // With several threads xz gives other bytes.
      'DPKG_DEB_THREADS_MAX=1 dpkg-deb --root-owner-group -Zxz --build "$TMP/root" "$OUT"',
    ].join('\n'),
  };
}

function copyright({ name, about }: SourcePackage, deb: string): TreeEntry {
  const license = about.license ?? 'see-sources';
  const lines = [
    'Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/',
    `Upstream-Name: ${name}`,
    ...(about.homepage === undefined ? [] : [`Source: ${about.homepage}`]),
    '',
    'Files: *',
    `Copyright: the authors of ${name}, as its files say`,
    `License: ${license.replaceAll(/[^\w.+-]+/g, '-')}`,
    ' Each file of the sources says its terms, and each module in MODULE_LICENSE.',
    ...(license.includes('GPL')
      ? [' .', " On Debian systems, the GPL's text is in /usr/share/common-licenses/GPL-2."]
      : []),
    '',
  ];
  const path = `usr/share/doc/${deb}/copyright`;
  return { path, content: lines.join('\n'), executable: false };
}

function changelog(deb: string, version: string, maintainer: string, epoch: number): string {
  // RFC 5322, as Debian's changelogs have it.
  const date = new Date(epoch * 1000).toUTCString().replace('GMT', '+0000');
  return `${deb} (${version}) unstable; urgency=medium\n\n  * Made by kbuild-ts.\n\n -- ${maintainer}  ${date}\n`;
}

const bytesOf = ({ content, link }: TreeEntry): Uint8Array => Buffer.from(link ?? content);

/** In KiB, each file and directory rounded up (policy 5.6.20). */
function installedSize(files: readonly TreeEntry[]): number {
  const directories = new Set<string>();
  let size = 0;
  for (const file of files) {
    size += Math.ceil(bytesOf(file).length / 1024);
    const parts = file.path.split('/').slice(0, -1);
    parts.forEach((_, i) => directories.add(parts.slice(0, i + 1).join('/')));
  }
  return size + directories.size;
}

function md5sums(files: readonly TreeEntry[]): string {
  return files
    .filter(({ link }) => link === undefined)
    .map((file) => `${createHash('md5').update(bytesOf(file)).digest('hex')}  ${file.path}\n`)
    .join('');
}
