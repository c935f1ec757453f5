import { createHash } from 'node:crypto';
import { join, resolve } from 'node:path';
import { archByName } from '../arch/arch.js';
import { checkOutput, outputFailed } from '../artifact/check-output.js';
import { readBinaryModules } from '../release/dkms/binary-modules.js';
import { debianPackage } from '../release/dkms/debian-package.js';
import { binaryTarball, sourceTarball } from '../release/dkms/dkms-tarball.js';
import { packageEpoch } from '../release/pack/epoch.js';
import { debImage, rpmImage } from '../release/pack/pack-image.js';
import type { PackageFile } from '../release/pack/recipe.js';
import { rpmPackage } from '../release/dkms/rpm-package.js';
import { writeFileAtomic } from '../storage/atomic.js';
import { dkmsSources, type DkmsSources } from './dkms-sources.js';
import { runPackagers } from './run-packagers.js';
import type { Session } from './session.js';

export const packFormats = ['deb', 'rpm', 'tarball', 'binary-tarball'] as const;
export type PackFormat = (typeof packFormats)[number];

export interface PackRequest {
  directory: string;
  formats: readonly PackFormat[];
  /** Default: `dkms` in the project's output directory. */
  output?: string | undefined;
  /** In place of the configuration's version. */
  version?: string | undefined;
  /** The output directory of the run whose modules go into binary tarballs; default: the project's. */
  from?: string | undefined;
  /** Binary tarballs without the sources. */
  binariesOnly?: boolean;
}

/** A package that was written. */
export interface PackedFile {
  format: PackFormat;
  /** PACKAGE_NAME and PACKAGE_VERSION. */
  name: string;
  version: string;
  /** Absolute. */
  path: string;
  size: number;
  sha256: string;
}

/**
 * Makes packages of the DKMS source tree of a project, or of each project of a workspace. All are
 * made before any is written.
 * @throws KbuildError DKMS_PACK_*, CONFIG_*, PROJECT_*, ENGINE_*, IMAGE_*, STORAGE_FAILED
 */
export async function packDkms(request: PackRequest, session: Session): Promise<PackedFile[]> {
  const epoch = packageEpoch();
  const output = request.output === undefined ? undefined : resolve(request.output);
  const excluded = [output, request.from && resolve(request.from), session.cache].filter(
    (path): path is string => path !== undefined && path !== resolve(request.directory),
  );
  const all = await dkmsSources(request.directory, { version: request.version, excluded });
  const made: { sources: DkmsSources; format: PackFormat; path: string; bytes: Uint8Array }[] = [];
  for (const sources of all) {
    const target = output ?? join(sources.project.output, 'dkms');
    checkOutput(target);
    for (const format of request.formats) {
      for (const { name, bytes } of await makers[format](sources, { ...request, epoch, session })) {
        made.push({ sources, format, path: join(target, name), bytes });
      }
    }
  }
  const written: PackedFile[] = [];
  for (const { sources, format, path, bytes } of made) {
    await writeFileAtomic(path, bytes).catch((error: unknown) => {
      throw outputFailed(join(path, '..'), error);
    });
    const { name, version } = sources;
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    written.push({ format, name, version, path, size: bytes.length, sha256 });
  }
  return written;
}

interface Making extends PackRequest {
  epoch: number;
  session: Session;
}

const makers = {
  deb: (sources, { epoch, session }) =>
    runPackagers([debianPackage(sources, epoch)], debImage, session),
  rpm: (sources, { epoch, session }) =>
    runPackagers([rpmPackage(sources, epoch)], rpmImage, session),
  tarball: async (sources, { epoch }) => [await sourceTarball(sources, epoch)],
  'binary-tarball': binaryTarballs,
} satisfies Record<PackFormat, (sources: DkmsSources, making: Making) => Promise<PackageFile[]>>;

async function binaryTarballs(sources: DkmsSources, making: Making): Promise<PackageFile[]> {
  const { project, version, modules } = sources;
  const from = making.from === undefined ? project.output : resolve(making.from);
  const built = await readBinaryModules(
    from,
    { name: project.name, version },
    modules,
    (arch) => archByName(arch).machine,
  );
  const { binariesOnly = false, epoch } = making;
  return Promise.all(built.map((kernel) => binaryTarball(sources, kernel, binariesOnly, epoch)));
}
