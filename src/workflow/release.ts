import type { Manifest } from '../artifact/manifest-schema.js';
import type { ExitStatus } from '../errors/codes.js';
import { exitStatus } from '../errors/gravest.js';
import { KbuildError, throwIfInterrupted } from '../errors/kbuild-error.js';
import { evidence } from '../release/evidence/evidence.js';
import type { ReleaseFile } from '../release/pack/format.js';
import type { ReleaseProject } from '../release/pack/release-project.js';
import { buildUnpublished, publishAll } from './build.js';
import { finishModules } from './finish-modules.js';
import { packAll } from './pack-all.js';
import { packTools } from './pack-tools.js';
import { Planning } from './plan.js';
import { pushImages, type PushedImage } from './push-images.js';
import { publishRelease } from './release-place.js';
import { ReleasePreparation } from './release-preparation.js';
import { checkBuiltOnce, releaseProjects } from './release-projects.js';
import type { ReleaseRequest } from './release-request.js';
import { ReleaseSigners } from './release-signers.js';
import type { Session } from './session.js';
import { testStatus } from './test.js';
import { testFinished } from './test-finished.js';
import { verifyPacked } from './verify-packed.js';

export interface ReleaseReport {
  /** Of the build alone. */
  built: Manifest;
  /** The same with `tests`, where there were any. */
  manifest: Manifest;
  /** What all of it took. */
  milliseconds: number;
  /** Absent where something failed: then nothing was released. */
  release?: Release;
  exitStatus: ExitStatus;
}

export interface Release {
  /** Absolute. */
  path: string;
  projects: ReleaseProject[];
  /** Sorted by path. */
  files: ReleaseFile[];
  /** Images that a registry has now. */
  pushed: PushedImage[];
}

/**
 * Builds, verifies, signs, tests and packages, reads back what is in the packages and verifies it again;
 * then the whole release takes the place of the one before it.
 * @throws KbuildError of what stands in the way; RELEASE_OUTPUT, SIGN_*, PACKAGE_*, VERIFY_FAILED
 */
export async function release(request: ReleaseRequest, session: Session): Promise<ReleaseReport> {
  const start = performance.now();
  const signers = new ReleaseSigners();
  const preparation = new ReleasePreparation(request, signers, session);
  const built = await buildUnpublished(
    { ...request, openSigner: (signing) => signers.open(signing) },
    session,
    new Planning(request, session, (projects) => preparation.look(projects)),
  );
  const { results, files } = built;
  const report = (manifest: Manifest, exitStatus: ExitStatus, made?: Release): ReleaseReport => ({
    built: built.manifest,
    manifest,
    milliseconds: performance.now() - start,
    ...(made !== undefined && { release: made }),
    exitStatus,
  });
  if (built.manifest.status === 'failed') {
    await publishAll(files, built.manifest);
    return report(built.manifest, exitStatus(built.failures));
  }
  checkBuiltOnce(results);
  const finished = await finishModules(results, signers.of, session);
  const { manifest, consoles } = request.tested
    ? await testFinished(built, finished, preparation.tests, request, session)
    : { manifest: built.manifest, consoles: [] };
  await publishAll([...files, ...consoles], manifest);
  const status = testStatus(manifest);
  if (status !== 0) return report(manifest, status);
  throwIfInterrupted(session.signal);
  const { sources, repositorySigner: signer, path } = preparation;
  const { version } = request;
  const projects = releaseProjects({ results, finished, version, sources }, session.provider);
  const tools = packTools(session);
  const packages = await packAll(projects, { ...request, signer }, tools);
  await verifyPacked(
    results.map((result) => ({
      kdir: result.job.kdir,
      modules: finished.get(result) ?? [],
      certificates: signers.certificatesOf(result.job),
    })),
    packages.read,
    session,
  );
  const attested = await evidence({
    attested: request.attested,
    manifest,
    projects,
    files: packages.files,
    unpacked: packages.read.flatMap(({ modules }) => modules),
    formats: request.formats,
    epoch: tools.epoch,
    signer: signers.firstOf(results),
  });
  const all = [...packages.files, ...attested].sort((a, b) => (a.path < b.path ? -1 : 1));
  throwIfInterrupted(session.signal);
  await publishRelease(path, all, session.signal);
  const pushed =
    request.push === undefined
      ? []
      : await pushImages(packages.files, request.push, session).catch((error: unknown) => {
          if (!(error instanceof KbuildError)) throw error;
          const hint = `${error.hint} All packages are in ${path}; the same command again pushes.`;
          throw new KbuildError(error.code, error.message, hint, { cause: error });
        });
  return report(manifest, 0, { path, projects, files: all, pushed });
}
