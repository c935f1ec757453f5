import type { PackTools, ReleaseFile } from '../release/pack/format.js';
import { formats, type FormatName } from '../release/pack/formats.js';
import type { ReleaseProject } from '../release/pack/release-project.js';
import type { OpenPgpSigner } from '../release/repository/openpgp-signer.js';
import type { RepositoryRequest } from './release-request.js';
import type { ReadBack } from './verify-packed.js';

export interface PackRequest {
  formats: readonly FormatName[];
  repository?: RepositoryRequest;
  /** Signs rpms and repositories. */
  signer: OpenPgpSigner | undefined;
}

/**
 * Makes packages of all formats, and reads back what is in them; then the repositories of them.
 * @throws KbuildError PACKAGE_*, REPOSITORY_KEY, ENGINE_*, IMAGE_*
 */
export async function packAll(
  projects: readonly ReleaseProject[],
  { formats: asked, repository, signer }: PackRequest,
  tools: PackTools,
): Promise<{ files: ReleaseFile[]; read: ReadBack[] }> {
  const files: ReleaseFile[] = [];
  const read: ReadBack[] = [];
  for (const name of asked) {
    const format = await formats[name]();
    const packed = await signed(await format.pack(projects, tools), signer, tools);
    files.push(...packed);
    if (format.unpack === undefined) continue; // sources alone
    const { layout = 'installed' } = format;
    read.push({ format: name, layout, modules: await format.unpack(packed, tools) });
  }
  if (repository === undefined) return { files, read };
  const name = repository.name ?? projects[0]?.name ?? '';
  return {
    files: [...files, ...(await repositories(files, name, repository, signer, tools))],
    read,
  };
}

/** Rpms have signatures in themselves; debs have theirs in their repository alone. */
async function signed(
  files: ReleaseFile[],
  signer: OpenPgpSigner | undefined,
  { epoch }: PackTools,
): Promise<ReleaseFile[]> {
  const rpms = files.filter(({ path }) => path.endsWith('.rpm'));
  if (signer === undefined || rpms.length === 0) return files;
  const { signRpms } = await import('../release/pack/rpm/sign-rpm.js');
  return [
    ...files.filter((file) => !rpms.includes(file)),
    ...(await signRpms(rpms, signer, epoch)),
  ];
}

async function repositories(
  files: readonly ReleaseFile[],
  name: string,
  { url }: RepositoryRequest,
  signer: OpenPgpSigner | undefined,
  tools: PackTools,
): Promise<ReleaseFile[]> {
  const has = (suffix: string) => files.some(({ path }) => path.endsWith(suffix));
  const options = (directory: string) => ({
    name,
    ...(url !== undefined && { url: `${url.replace(/\/+$/, '')}/${directory}` }),
    ...(signer !== undefined && { signer }),
  });
  const made: ReleaseFile[] = [];
  if (has('.deb')) {
    const { aptRepository } = await import('../release/repository/apt-repository.js');
    made.push(...(await aptRepository(files, options('apt'), tools)));
  }
  if (has('.rpm')) {
    const { rpmRepository } = await import('../release/repository/rpm-repository.js');
    made.push(...(await rpmRepository(files, options('yum'), tools)));
  }
  return made;
}
