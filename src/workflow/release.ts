import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { checkOutput, outputFailed } from '../artifact/check-output.js';
import type { Manifest } from '../artifact/manifest-schema.js';
import type { Publication } from '../artifact/publish.js';
import type { JobResult } from '../engine/job-result.js';
import type { ExitStatus } from '../errors/codes.js';
import { exitStatus } from '../errors/gravest.js';
import { KbuildError, throwIfInterrupted } from '../errors/kbuild-error.js';
import type { Project, Signing } from '../project/project.js';
import { checkValidity } from '../release/certificate-validity.js';
import { readCertificate } from '../release/certificate.js';
import type { SourcePackage } from '../release/dkms/source-package.js';
import { evidence } from '../release/evidence/evidence.js';
import type { PackTools, ReleaseFile } from '../release/pack/format.js';
import { formats, type FormatName } from '../release/pack/formats.js';
import type { PackedModule, ReleaseProject } from '../release/pack/release-project.js';
import { createSigner, type Signer } from '../release/signer.js';
import { replaceLinkedDirectory, standingAt } from '../storage/linked-directory.js';
import { withLock } from '../storage/lock.js';
import { buildUnpublished, publishAll, type Unpublished } from './build.js';
import { dkmsSources } from './dkms-sources.js';
import { finishModules } from './finish-modules.js';
import { packTools } from './pack-tools.js';
import { Planning } from './plan.js';
import { packageName, packageVersion, releaseProjects } from './release-projects.js';
import type { Session } from './session.js';
import { testStatus, type TestRequest } from './test.js';
import { testKernels } from './test-kernels.js';
import { builtSubjects } from './test-subject.js';
import { chooseCases } from './choose-cases.js';
import { verifyPacked, type ReadBack } from './verify-packed.js';

/** What to build, and what to make of it for customers. */
export interface ReleaseRequest extends TestRequest {
  formats: readonly FormatName[];
  /** In place of the projects' own versions. */
  version?: string;
  /** Where the release goes; default: this name in the output directory of the first project. */
  place: { path: string } | { name: string };
  /** Try the modules, as they are packaged, in their kernels. */
  tested: boolean;
  /** Say in files of the release what it was made of (docs/provenance.md); else checksums alone. */
  attested: boolean;
}

export interface ReleaseReport {
  /** Of the build, with `tests` where there were any. */
  manifest: Manifest;
  /** Absent where something failed: then nothing was released. */
  release?: { path: string; projects: ReleaseProject[]; files: ReleaseFile[] };
  exitStatus: ExitStatus;
}

/**
 * Builds, verifies, signs, tests and packages, reads back what is in the packages and verifies it again;
 * then the whole release takes the place of the one before it.
 * @throws KbuildError of what stands in the way; RELEASE_OUTPUT, PACKAGE_*, VERIFY_FAILED
 */
export async function release(request: ReleaseRequest, session: Session): Promise<ReleaseReport> {
  const signers = new Signers();
  const preparation = new Preparation(request, signers, session);
  const built = await buildUnpublished(
    {
      ...request,
      // Before anything is built: a wrong key costs no time, and packages nothing.
      openSigner: (signing) => signers.open(signing),
    },
    session,
    new Planning(request, session, (projects) => preparation.look(projects)),
  );
  const { manifest, files, results } = built;
  if (manifest.status === 'failed') {
    await publishAll(files, manifest);
    return { manifest, exitStatus: exitStatus(built.failures) };
  }
  const finished = await finishModules(
    results,
    ({ source }) => source.project.signing && signers.get(source.project.signing),
    session,
  );
  const tested = await testFinished(built, finished, preparation.tests, request, session);
  const status = testStatus(tested.manifest);
  await publishAll([...files, ...tested.consoles], tested.manifest);
  if (status !== 0) return { manifest: tested.manifest, exitStatus: status };
  throwIfInterrupted(session.signal);
  const projects = releaseProjects({
    results,
    finished,
    version: request.version,
    sources: preparation.sources,
  });
  const tools = packTools(session);
  const packages = await packAll(projects, request.formats, tools);
  await verifyPacked(
    results.map((result) => ({
      kdir: result.job.kdir,
      modules: finished.get(result) ?? [],
      certificates: signers.certificatesOf(result.job.source.project.signing),
    })),
    packages.read,
    session,
  );
  const attested = await evidence({
    ...{ attested: request.attested, manifest: tested.manifest, projects, files: packages.files },
    ...{ unpacked: packages.read.flatMap(({ modules }) => modules), formats: request.formats },
    ...{ epoch: tools.epoch, signer: signers.firstOf(results) },
  });
  const all = [...packages.files, ...attested].sort((a, b) => (a.path < b.path ? -1 : 1));
  const path = placeOf(request, results[0]?.job.source.project);
  throwIfInterrupted(session.signal);
  await publishRelease(path, all, session);
  return { manifest: tested.manifest, release: { path, projects, files: all }, exitStatus: 0 };
}

function placeOf({ place }: ReleaseRequest, project: Project | undefined): string {
  return 'path' in place ? place.path : join(project?.output ?? '', place.name);
}

/** @throws KbuildError RELEASE_OUTPUT, STORAGE_FAILED */
async function checkPlace(path: string): Promise<void> {
  checkOutput(dirname(path));
  if ((await standingAt(path)) !== 'foreign') return;
  throw new KbuildError(
    'RELEASE_OUTPUT',
    `${path} is there already, and was not made by kbuild-ts: a release would replace it whole`,
    'Name another place with --out, or move it away.',
  );
}

/** What is found out of projects before anything is built: a mistake costs no build. */
class Preparation {
  readonly sources = new Map<Project, SourcePackage>();
  tests: ReturnType<typeof chooseCases> = new Map();

  constructor(
    readonly request: ReleaseRequest,
    readonly signers: Signers,
    readonly session: Session,
  ) {}

  /** @throws KbuildError RELEASE_OUTPUT, STORAGE_FAILED, SIGN_*, PACKAGE_*, DKMS_PACK_* */
  async look(projects: readonly Project[]): Promise<void> {
    await checkPlace(placeOf(this.request, projects[0]));
    for (const { signing } of projects) if (signing !== undefined) await this.signers.open(signing);
    for (const project of projects) await this.#add(project);
    if (this.request.tested) this.tests = chooseCases(projects, this.request.cases);
  }

  async #add(project: Project): Promise<void> {
    const { formats: asked, version } = this.request;
    packageName(project);
    // What a dkms.conf says is known when it was evaluated.
    if (project.method.kind !== 'dkms') packageVersion(project, version);
    if (!asked.some((format) => format === 'dkms')) return;
    const excluded = [project.output, this.session.cache];
    const [packed] = await dkmsSources(project.directory, { version, excluded });
    if (packed !== undefined) this.sources.set(project, packed);
  }
}

/** The keys of a run, each opened once, with their certificates. */
class Signers {
  readonly #known = new Map<Signing, Signer>();

  /** @throws KbuildError SIGN_KEY, SIGN_PKCS11 */
  async open(signing: Signing): Promise<Signer> {
    checkValidity(readCertificate(signing.cert), signing.cert);
    const signer = this.#known.get(signing) ?? (await createSigner(signing));
    this.#known.set(signing, signer);
    return signer;
  }

  /** Of several keys, that of the first project that has one signs for all of them. */
  firstOf(results: readonly JobResult[]): Signer | undefined {
    const signings = results.flatMap(({ job }) => job.source.project.signing ?? []);
    return signings[0] && this.get(signings[0]);
  }

  get(signing: Signing): Signer | undefined {
    return this.#known.get(signing);
  }

  certificatesOf(signing: Signing | undefined) {
    return signing === undefined ? [] : [readCertificate(signing.cert)];
  }
}

/** The modules as they will be packaged are what is tried. */
async function testFinished(
  { manifest, results }: Unpublished,
  finished: ReadonlyMap<JobResult, readonly PackedModule[]>,
  tests: Preparation['tests'],
  request: ReleaseRequest,
  session: Session,
): Promise<{ manifest: Manifest; consoles: Publication[] }> {
  if (!request.tested) return { manifest, consoles: [] };
  const directory = join(session.scratch, 'finished');
  const places: JobResult[] = [];
  for (const result of results) {
    const place = join(directory, result.job.id);
    await mkdir(place, { recursive: true });
    const modules: JobResult['modules'] = [];
    for (const { artifact, offers } of result.modules) {
      const name = basename(artifact.path).replace(/\.ko.*$/, '');
      const plain = finished.get(result)?.find((one) => one.name === name)?.plain;
      const file = join(place, `${name}.ko`);
      await writeFile(file, plain ?? '');
      modules.push({ artifact, offers, file });
    }
    places.push({ ...result, modules });
  }
  const subjects = builtSubjects(places, tests);
  const logs = join(session.scratch, 'consoles');
  await mkdir(logs, { recursive: true });
  const run = await testKernels(subjects, logs, request, session);
  const tested: Manifest = { ...manifest, tests: run.tests };
  const status = testStatus(tested) === 0 ? 'succeeded' : 'failed';
  return { manifest: { ...tested, status }, consoles: run.consoles };
}

/** Packages of all formats, and what is read back out of them. */
async function packAll(
  projects: readonly ReleaseProject[],
  asked: readonly FormatName[],
  tools: PackTools,
): Promise<{ files: ReleaseFile[]; read: ReadBack[] }> {
  const files: ReleaseFile[] = [];
  const read: ReadBack[] = [];
  for (const name of asked) {
    const format = await formats[name]();
    const packed = await format.pack(projects, tools);
    files.push(...packed);
    if (format.unpack === undefined) continue; // sources alone
    read.push({ format: name, modules: await format.unpack(packed, tools) });
  }
  return { files, read };
}

/** One run at a time puts its release there. */
async function publishRelease(
  path: string,
  files: readonly ReleaseFile[],
  { cache, signal }: Session,
): Promise<void> {
  const place = createHash('sha256').update(path).digest('hex').slice(0, 16);
  const id = createHash('sha256');
  for (const file of files) id.update(file.path).update('\0').update(file.bytes);
  await withLock(join(cache, 'locks', `release-${place}`), signal, () =>
    replaceLinkedDirectory(path, id.digest('hex').slice(0, 12), files),
  ).catch((error: unknown) => {
    throw error instanceof KbuildError ? error : outputFailed(path, error);
  });
}
