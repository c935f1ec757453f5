import { createHash } from 'node:crypto';
import { renderTemplate } from '../../../data/template.js';
import type { PackageAbout } from '../../dkms/source-package.js';
import { maintainerOf, type Description } from '../describe.js';
import type { PackageRecipe } from '../recipe.js';
import type { TreeEntry } from '../tree-entry.js';
import { changelog, copyright } from './deb-documents.js';

/** Fields of a package that name others, as they stand in its control file. */
export type Relations = Partial<
  Record<'Depends' | 'Recommends' | 'Suggests' | 'Provides', readonly string[]>
>;

/** What a Debian package is made of. */
export interface DebParts {
  /** Name of the package. */
  deb: string;
  /** As Debian orders it. */
  version: string;
  /** Debian's name of the architecture, or `all`. */
  architecture: string;
  /** What it is of: the project, by its own name. */
  project: { name: string; about: PackageAbout };
  /** Where a project's licence is said, file by file. */
  terms: string;
  description: Description;
  relations: Relations;
  files: readonly TreeEntry[];
  /** Maintainer scripts by their names. */
  scripts: Readonly<Record<string, string>>;
}

/**
 * Makes a Debian package with dpkg-deb. Equal parts give equal bytes.
 * @param epoch seconds since 1970: the time of all that is in it
 */
export function debRecipe(parts: DebParts, epoch: number): PackageRecipe {
  const { deb, version, architecture, project, scripts, relations } = parts;
  const maintainer = maintainerOf(project);
  const files = [
    ...parts.files,
    copyright(deb, project, parts.terms),
    changelog(deb, version, maintainer, epoch),
  ];
  const control = renderTemplate('package/control.eta', {
    ...{ deb, version, architecture, maintainer },
    homepage: project.about.homepage,
    ...parts.description,
    installedSize: installedSize(files),
    relations: Object.entries(relations).filter(([, names]) => names.length > 0),
  });
  return {
    name: `${deb}_${version}_${architecture}.deb`,
    entries: [
      member('control', control),
      member('md5sums', md5sums(files)),
      ...Object.entries(scripts).map(([name, content]) => member(name, content, true)),
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

const member = (name: string, content: string, executable = false): TreeEntry => ({
  path: `DEBIAN/${name}`,
  content,
  executable,
});

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

const md5sums = (files: readonly TreeEntry[]): string =>
  files
    .filter(({ link }) => link === undefined)
    .map((file) => `${createHash('md5').update(bytesOf(file)).digest('hex')}  ${file.path}\n`)
    .join('');
