import { existsSync, statSync } from 'node:fs';
import { join, posix, resolve } from 'node:path';
import { z } from 'zod';
import { KbuildError } from '../../errors/kbuild-error.js';
import { readInput } from '../../storage/read-input.js';
import { manifestName } from '../publish.js';
import { releaseRecordName } from '../release-schema.js';

/** A path that leads out of the output directory is none that a build has written. */
const insidePath = z
  .string()
  .refine(
    (path) =>
      path !== '' && !path.includes('\0') && !/^(\/|\.\.(\/|$))/.test(posix.normalize(path)),
    'it leads out of the output directory',
  );

const artifactSchema = z.object({
  path: insidePath,
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  contentSha256: z.string().optional(),
  size: z.int().nonnegative(),
  modinfo: z.record(z.string(), z.array(z.string())),
  signature: z.object({ signer: z.string(), keyId: z.string(), hash: z.string() }).nullable(),
});

const jobSchema = z.object({
  id: z.string(),
  project: z.string(),
  release: z.string(),
  arch: z.string(),
  toolchain: z.string(),
  kernel: z.string().optional(),
  artifacts: z.array(artifactSchema),
  key: z.string(),
  make: z.array(z.string()),
  env: z.record(z.string(), z.string()),
  image: z.object({ name: z.string(), id: z.string().optional() }),
  kdir: z.object({ path: z.string(), identity: z.string() }),
  sources: z.array(z.object({ placement: z.string(), digest: z.string() })),
});

/**
 * Of a manifest what a rebuild needs. What else is in it is not looked at: a later kbuild-ts adds
 * fields, and what it says here stays readable.
 */
const recordSchema = z.object({
  tool: z.object({ version: z.string() }),
  options: z
    .object({
      runtime: z.enum(['docker', 'host']),
      prepare: z.enum(['auto', 'never']),
      warnings: z.string().optional(),
      check: z.string().optional(),
      buildDeps: z.array(z.string()).optional(),
      directives: z.array(z.string().regex(/^[A-Z][A-Z_]*(\[\d{1,4}\])?=/)).optional(),
    })
    .optional(),
  jobs: z.array(jobSchema),
});

export type RecordedArtifact = z.infer<typeof artifactSchema>;
export type RecordedJob = z.infer<typeof jobSchema>;

/** A manifest as it is read again. */
export interface RecordedRun extends z.infer<typeof recordSchema> {
  /** Path of the manifest, absolute. */
  file: string;
}

const schemaVersion = 1;

/** More than the manifest of a hundred thousand jobs has, in bytes. */
const largestManifest = 512 * 2 ** 20;

/**
 * Reads the manifest of an earlier build, or the record of a release: it says the same of its jobs.
 * @param path of it, or of the directory that it lies in
 * @throws KbuildError FILE_UNREADABLE, MANIFEST_INVALID, MANIFEST_VERSION, MANIFEST_EMPTY
 */
export function readManifest(path: string): RecordedRun {
  const isDirectory = statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  const file = resolve(isDirectory ? fileIn(path) : path);
  const document = parse(file, readInput(file, largestManifest).toString('utf8'));
  const version = z.object({ schemaVersion: z.int() }).safeParse(document).data?.schemaVersion;
  if (version !== undefined && version !== schemaVersion) {
    throw new KbuildError(
      'MANIFEST_VERSION',
      `${file} has schemaVersion ${version}, and this kbuild-ts reads ${schemaVersion}`,
      'Take the kbuild-ts that wrote it: its version stands in the manifest (tool.version).',
    );
  }
  const { data, error } = recordSchema.safeParse(version === undefined ? undefined : document);
  if (error !== undefined) {
    const [issue] = error.issues;
    const where =
      issue === undefined || issue.path.length === 0
        ? ''
        : ` (${issue.path.join('.')}: ${issue.message})`;
    throw invalid(file, `it is no manifest of kbuild-ts${where}`);
  }
  if (!data.jobs.some(({ artifacts }) => artifacts.length > 0)) {
    throw new KbuildError(
      'MANIFEST_EMPTY',
      `${file} names no module: nothing was built in that run`,
      'Name the manifest of a build that gave modules.',
    );
  }
  return { ...data, file };
}

function fileIn(directory: string): string {
  const [manifest, record] = [join(directory, manifestName), join(directory, releaseRecordName)];
  return existsSync(record) && !existsSync(manifest) ? record : manifest;
}

function parse(file: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw invalid(file, `it is not JSON: ${(cause as Error).message}`, cause);
  }
}

const invalid = (file: string, why: string, cause?: unknown): KbuildError =>
  new KbuildError(
    'MANIFEST_INVALID',
    `cannot read the manifest ${file}: ${why}`,
    "Name the manifest.json that 'build' left in its output directory, or the release.json of a release.",
    { cause },
  );
