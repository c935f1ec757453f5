import { createHash } from 'node:crypto';
import { readFile, realpath } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { manifestSchema, type JobRecord, type Manifest } from '../../artifact/manifest-schema.js';
import { KbuildError } from '../../errors/kbuild-error.js';

/** What a run has built of a project for one kernel. */
export interface BinaryModules {
  release: string;
  /** As kbuild-ts calls it. */
  arch: string;
  /** As `uname -m` says. */
  machine: string;
  modules: { name: string; bytes: Uint8Array }[];
  log: string;
}

/**
 * Reads the modules that a run built of a project: those of the manifest, whose bytes must be what
 * it says.
 * @param output the run's output directory
 * @param machineOf what `uname -m` says on an architecture
 * @param expected names of the modules that every kernel needs; empty if not known
 * @throws KbuildError DKMS_PACK_BINARY
 */
export async function readBinaryModules(
  output: string,
  project: { name: string; version: string },
  expected: readonly string[],
  machineOf: (arch: string) => string,
): Promise<BinaryModules[]> {
  const manifest = await readManifest(output);
  const jobs = manifest.jobs.filter(
    (job) => job.project === project.name && ['built', 'cached'].includes(job.status),
  );
  if (jobs.length === 0) {
    const others = [...new Set(manifest.jobs.map((job) => job.project))].join(', ');
    throw failure(
      `${output} holds no modules of ${project.name}: its manifest tells of ${others || 'no project'}`,
      'Build it first (kbuild-ts build), or name the output directory of its run with --from.',
    );
  }
  const all: BinaryModules[] = [];
  for (const job of jobs) {
    checkJob(job, project.version, jobs);
    const modules = await Promise.all(
      job.artifacts.map(async ({ path, sha256 }) => ({
        name: basename(path, '.ko'),
        bytes: await readVerified(output, path, sha256),
      })),
    );
    const missing = expected.find((name) => !modules.some((module) => module.name === name));
    if (missing !== undefined) {
      throw failure(
        `${output} has no ${missing}.ko for ${job.release} (${job.arch}), which dkms.conf names`,
        "Build the project anew, and name its modules as its Kbuild does: 'dkms' expects each of them.",
      );
    }
    const { release, arch } = job;
    const log = job.log === undefined ? '' : await readLog(output, job.log);
    all.push({ release, arch, machine: machineOf(arch), modules, log });
  }
  return all;
}

function checkJob(job: JobRecord, version: string, jobs: readonly JobRecord[]): void {
  const { release, arch } = job;
  const paths = [release, ...job.artifacts.map(({ path }) => path), job.log ?? ''];
  const astray = paths.find((path) => /^\/|(^|\/)\.\.(\/|$)/.test(path));
  if (astray !== undefined) {
    throw failure(
      `the manifest names ${astray}, which does not lie in the output directory`,
      'Build anew: no manifest of kbuild-ts says this.',
    );
  }
  if (job.version !== undefined && job.version !== version) {
    throw failure(
      `the modules for ${release} (${arch}) were built of version ${job.version}, and the package is of ${version}`,
      'Build them anew, or pack the sources that they were built of.',
    );
  }
  const same = jobs.filter((other) => other.release === release && other.arch === arch);
  if (same.length > 1) {
    throw failure(
      `${job.project} was built ${same.length} times for ${release} (${arch}), with ${same.map(({ toolchain }) => toolchain).join(' and ')}: dkms has one place for it`,
      'Build it with one toolchain, into another directory with --out, and name that with --from.',
    );
  }
}

async function readManifest(output: string): Promise<Manifest> {
  const file = join(output, 'manifest.json');
  try {
    return manifestSchema.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch (cause) {
    throw failure(
      `${file} cannot be read: ${(cause as Error).message.split('\n')[0]}`,
      'Build first (kbuild-ts build), or name the output directory of a run with --from.',
      cause,
    );
  }
}

async function readVerified(output: string, path: string, sha256: string): Promise<Buffer> {
  const file = join(output, path);
  const bytes = await readInside(output, path).catch((cause: unknown) => {
    throw failure(`${file} cannot be read: ${(cause as Error).message}`, 'Build it anew.', cause);
  });
  if (createHash('sha256').update(bytes).digest('hex') === sha256) return bytes;
  throw failure(
    `${file} is not what its manifest says: its SHA-256 is another one`,
    'It was changed after it was verified. Build it anew.',
  );
}

/** A log is for people: its loss does not keep a module from being packed. */
const readLog = (output: string, path: string): Promise<string> =>
  readInside(output, path).then(String, () => '');

/** Reads a file of the output directory, and nothing that a link there leads to elsewhere. */
async function readInside(output: string, path: string): Promise<Buffer> {
  const file = await realpath(join(output, path));
  if (file.startsWith(`${await realpath(output)}/`)) return readFile(file);
  throw new Error(`it leads to ${file}, out of the output directory`);
}

const failure = (message: string, hint: string, cause?: unknown): KbuildError =>
  new KbuildError('DKMS_PACK_BINARY', message, hint, { cause });
