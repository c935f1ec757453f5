import type { X509Certificate } from 'node:crypto';
import type { Artifact, JobRecord, Manifest } from '../../artifact/manifest-schema.js';
import type { ReleasedJob, ReleaseRecord } from '../../artifact/release-schema.js';
import type { TestRecord } from '../../artifact/test-record-schema.js';
import type { ReleaseFile } from '../pack/format.js';
import type { ReleaseProject } from '../pack/release-project.js';
import { sha256 } from './content-id.js';
import { fingerprint } from './fingerprint.js';
import { sortedBy } from './sorted.js';

export interface RecordInput {
  /** Of the build, with what its tests gave. */
  manifest: Manifest;
  projects: readonly Pick<ReleaseProject, 'project' | 'name' | 'version'>[];
  /** Packages, and what else customers get. */
  files: readonly ReleaseFile[];
  formats: readonly string[];
  /** Seconds since 1970. */
  epoch: number;
  /** Of the key that the evidence is signed with. */
  certificate?: X509Certificate | undefined;
}

/** Of a run and what it packaged that which is the same whenever the release is made again. */
export function releaseRecord(input: RecordInput): ReleaseRecord {
  const { manifest, projects, files, formats, epoch, certificate } = input;
  const { tool, options, jobs, tests } = manifest;
  return {
    schemaVersion: 1,
    tool: { name: tool.name, version: tool.version },
    epoch,
    formats: [...formats].sort(),
    ...(certificate !== undefined && {
      signedBy: {
        certificate: fingerprint(certificate),
        subject: certificate.subject.replaceAll('\n', ', '),
      },
    }),
    ...(options !== undefined && { options }),
    projects: sortedBy(
      projects.map(({ project, name, version }) => ({ name: project, version, package: name })),
      ({ name }) => name,
    ),
    jobs: sortedBy(jobs.map(releasedJob), ({ id }) => id),
    ...(tests !== undefined && { tests: sortedBy(tests.map(testedJob), ({ job }) => job) }),
    files: sortedBy(
      files.map(({ path, bytes }) => ({ path, size: bytes.length, sha256: sha256(bytes) })),
      ({ path }) => path,
    ),
  };
}

function releasedJob(record: JobRecord): ReleasedJob {
  const { id, project, version, release, arch, toolchain, kernel, dkms } = record;
  const { key, make, env, image, kdir, sources } = record;
  return {
    ...{ id, project },
    ...(version !== undefined && { version }),
    ...{ release, arch, toolchain },
    ...(kernel !== undefined && !isPath(kernel) && { kernel }),
    status: record.status === 'skipped' ? 'skipped' : 'built',
    ...{ key, make, env },
    ...(dkms !== undefined && { dkms }),
    ...{ image, kdir, sources },
    artifacts: record.artifacts.map(releasedArtifact),
  };
}

/** Such a reference names a place on the machine that made the release. */
const isPath = (kernel: string): boolean => /^([./~]|source:)/.test(kernel);

/** Verdicts are told by words that may change; that all were good is why there is a release. */
function releasedArtifact(artifact: Artifact): ReleasedJob['artifacts'][number] {
  const { path, sha256, size, contentSha256, modinfo, elf, signature } = artifact;
  return {
    ...{ path, sha256, size },
    ...(contentSha256 !== undefined && { contentSha256 }),
    ...{ modinfo, elf, signature },
  };
}

const testedJob = ({ job, cases }: TestRecord) => ({
  job,
  cases: cases.map(({ name, verdict }) => ({ name, verdict })),
});
