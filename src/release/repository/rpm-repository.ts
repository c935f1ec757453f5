import { basename } from 'node:path/posix';
import { unpackArchive } from '../../artifact/collect.js';
import { KbuildError } from '../../errors/kbuild-error.js';
import type { PackTools, ReleaseFile } from '../pack/format.js';
import { rpmRepositoryImage } from '../pack/pack-image.js';
import type { PackageRecipe } from '../pack/recipe.js';
import { signRpms } from '../pack/rpm/sign-rpm.js';
import type { OpenPgpSigner } from './openpgp-signer.js';
import { repoFile } from './repo-file.js';

export interface RpmRepositoryOptions {
  /** The repository's id: letters, digits and `. _ -`. */
  name: string;
  /** Where customers find the directory; left out, the `.repo` file says that it must be written there. */
  url?: string;
  /** Signs the packages, and the index; left out, nothing is signed. */
  signer?: OpenPgpSigner;
}

/** Where a repository lies in a release. */
const root = 'yum';

/**
 * A repository that dnf, yum and zypper read (rpm-md): the packages, what createrepo_c says of them, its
 * signature, and a `.repo` file for customers. Equal packages give equal bytes.
 * @param files of the release; those that are no rpms are left out
 * @throws KbuildError PACKAGE_FAILED, REPOSITORY_KEY, ENGINE_*, IMAGE_*
 */
export async function rpmRepository(
  files: readonly ReleaseFile[],
  options: RpmRepositoryOptions,
  tools: PackTools,
): Promise<ReleaseFile[]> {
  const { name, url, signer } = options;
  const rpms = files.filter(({ path }) => path.endsWith('.rpm'));
  const signed = signer === undefined ? rpms : await signRpms(rpms, signer, tools.epoch);
  const packages = signed
    .map(({ path, bytes }) => ({ path: `packages/${basename(path)}`, bytes }))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
  const [archive] = await tools.run([indexRecipe(packages, tools.epoch)], rpmRepositoryImage);
  const index = await unpackArchive(Buffer.from(archive?.bytes ?? []));
  const made: ReleaseFile[] = [
    ...packages,
    ...index,
    ...(signer === undefined ? [] : await signatureOf(index, name, signer, tools.epoch)),
    text(`${name}.repo`, repoFile(name, url, signer !== undefined)),
  ];
  return made
    .map(({ path, bytes }) => ({ path: `${root}/${path}`, bytes }))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}

const indexFile = 'repodata/repomd.xml';

/** The key lies beside it where zypper looks for it, and where the `.repo` file says. */
async function signatureOf(
  index: readonly ReleaseFile[],
  name: string,
  signer: OpenPgpSigner,
  epoch: number,
): Promise<ReleaseFile[]> {
  const signed = index.find(({ path }) => path === indexFile);
  if (signed === undefined) throw noIndex();
  return [
    text(`${indexFile}.asc`, await signer.detachSign(signed.bytes, epoch)),
    text(`${indexFile}.key`, signer.publicKey),
    text(`RPM-GPG-KEY-${name}`, signer.publicKey),
  ];
}

const text = (path: string, content: string): ReleaseFile => ({
  path,
  bytes: Buffer.from(content),
});

const noIndex = (): KbuildError =>
  new KbuildError(
    'PACKAGE_FAILED',
    `createrepo_c left no ${indexFile}`,
    'Run it again with --verbose to see all that the tool says.',
  );

/** What createrepo_c says of packages holds their files' times; without a list, their order is the disk's. */
const indexRecipe = (packages: readonly ReleaseFile[], epoch: number): PackageRecipe => ({
  name: 'rpm repository',
  entries: [
    ...packages.map(({ path, bytes }) => ({ path, content: bytes, executable: false })),
    {
      path: 'list',
      content: packages.map(({ path }) => `${path}\n`).join(''),
      executable: false,
    },
  ],
  script: [
    'set -e',
    'mkdir "$TMP/repository"',
    'cp -r "$SRC/packages" "$TMP/repository"',
    `find "$TMP/repository" -exec touch -d @${epoch} {} +`,
    `createrepo_c --no-database --checksum sha256 --revision ${epoch} --set-timestamp-to-revision --workers 1 --pkglist "$SRC/list" "$TMP/repository"`,
    'tar -C "$TMP/repository" -cf "$OUT" repodata',
  ].join('\n'),
});
