import { basename } from 'node:path/posix';
import { unpackArchive } from '../../artifact/collect.js';
import { KbuildError } from '../../errors/kbuild-error.js';
import { shellQuote } from '../../runtime/shell.js';
import type { PackTools, ReleaseFile } from '../pack/format.js';
import { aptRepositoryImage } from '../pack/pack-image.js';
import type { PackageRecipe } from '../pack/recipe.js';
import type { OpenPgpSigner } from './openpgp-signer.js';
import { sourcesFile } from './sources-file.js';

export interface AptRepositoryOptions {
  /** Whose repository it is: letters, digits and `. _ -`. */
  name: string;
  /** What customers write as the suite; default: `stable`. */
  suite?: string;
  /** Where customers find the directory; left out, the `.sources` file says that it must be written there. */
  url?: string;
  /** Left out, the repository is not signed, and apt takes it from nobody who does not say so. */
  signer?: OpenPgpSigner;
}

/** Where a repository lies in a release. */
const root = 'apt';

/** The one part that it has. */
const component = 'main';

/**
 * A repository that apt reads: the packages, what apt-ftparchive says of them, its signatures, and the
 * key and the `.sources` file for customers. Equal packages give equal bytes.
 * @param files of the release; those that are no debs are left out
 * @throws KbuildError PACKAGE_FAILED, REPOSITORY_KEY, ENGINE_*, IMAGE_*
 */
export async function aptRepository(
  files: readonly ReleaseFile[],
  options: AptRepositoryOptions,
  tools: PackTools,
): Promise<ReleaseFile[]> {
  const packages = files
    .filter(({ path }) => path.endsWith('.deb'))
    .map(({ path, bytes }) => ({ path: `pool/${component}/${basename(path)}`, bytes }))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
  const { name, suite = 'stable', url, signer } = options;
  const recipe = indexRecipe(packages, { name, suite }, tools.epoch);
  const [archive] = await tools.run([recipe], aptRepositoryImage);
  const index = await unpackArchive(Buffer.from(archive?.bytes ?? []));
  const keyring = `${name}-archive-keyring.asc`;
  const made: ReleaseFile[] = [
    ...packages,
    ...index,
    ...(signer === undefined ? [] : await signaturesOf(index, suite, signer, tools.epoch)),
    ...(signer === undefined ? [] : [text(keyring, signer.publicKey)]),
    text(`${name}.sources`, sourcesFile({ suite, component, url, keyring: signer && keyring })),
  ];
  return made
    .map(({ path, bytes }) => ({ path: `${root}/${path}`, bytes }))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** They cover the packages too: Release has the checksums of the indexes, and these have theirs. */
async function signaturesOf(
  index: readonly ReleaseFile[],
  suite: string,
  signer: OpenPgpSigner,
  epoch: number,
): Promise<ReleaseFile[]> {
  const directory = `dists/${suite}`;
  const release = index.find(({ path }) => path === `${directory}/Release`);
  if (release === undefined) {
    throw new KbuildError(
      'PACKAGE_FAILED',
      `apt-ftparchive left no ${directory}/Release`,
      'Run it again with --verbose to see all that the tool says.',
    );
  }
  const content = Buffer.from(release.bytes).toString();
  return [
    text(`${directory}/InRelease`, await signer.clearSign(content, epoch)),
    text(`${directory}/Release.gpg`, await signer.detachSign(release.bytes, epoch)),
  ];
}

const text = (path: string, content: string): ReleaseFile => ({
  path,
  bytes: Buffer.from(content),
});

/** The architectures that packages are for; packages for all are in the index of each. */
function architecturesOf(packages: readonly ReleaseFile[]): string[] {
  const named = packages.map(({ path }) => path.replace(/^.*_|\.deb$/g, ''));
  const real = [...new Set(named)].filter((name) => name !== 'all').sort();
  return real.length > 0 ? real : ['all'];
}

function indexRecipe(
  packages: readonly ReleaseFile[],
  { name, suite }: { name: string; suite: string },
  epoch: number,
): PackageRecipe {
  const architectures = architecturesOf(packages);
  const fields = {
    Origin: name,
    Label: name,
    Suite: suite,
    Codename: suite,
    Date: new Date(epoch * 1000).toUTCString().replace('GMT', '+0000'),
    Architectures: architectures.join(' '),
    Components: component,
    Description: `kernel modules of ${name}`,
  };
  const options = [
    ...['MD5', 'SHA1', 'SHA512'].map((hash) => `APT::FTPArchive::${hash}=false`),
    ...Object.entries(fields).map(
      ([field, value]) => `APT::FTPArchive::Release::${field}=${value}`,
    ),
  ].map((option) => `-o ${shellQuote(option)}`);
  return {
    name: 'apt repository',
    entries: packages.map(({ path, bytes }) => ({ path, content: bytes, executable: false })),
    script: [
      'set -e',
      `index() { apt-ftparchive ${options.join(' ')} "$@"; }`,
      'cd "$SRC"',
      `release="$TMP/dists/"${shellQuote(suite)}`,
      `for arch in ${architectures.join(' ')}; do`,
      `  directory="$release/${component}/binary-$arch"`,
      '  mkdir -p "$directory"',
      // A directory's files it takes in the order of the disk.
      '  ls pool/*/*.deb | grep -E "_($arch|all)[.]deb$" | while read -r deb; do',
      '    index packages "$deb" || exit',
      '  done > "$directory/Packages"',
      '  gzip -9nk "$directory/Packages"',
      'done',
      'index release "$release" > "$TMP/Release"',
      'mv "$TMP/Release" "$release/Release"',
      'tar -C "$TMP" -cf "$OUT" dists',
    ].join('\n'),
  };
}
