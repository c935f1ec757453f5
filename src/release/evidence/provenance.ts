import type { ReleasedJob, ReleaseRecord } from '../../artifact/release-schema.js';
import { contentUuid } from './content-id.js';
import { sortedBy } from './sorted.js';

/** An in-toto resource descriptor, as far as it is used here. */
export interface Resource {
  name: string;
  uri?: string;
  digest?: Record<string, string>;
  annotations?: Record<string, string>;
}

/** A file of the package that says what `predicate.buildDefinition` means (package-url). */
export const buildType = 'pkg:npm/kbuild-ts#docs/provenance.md';

/**
 * An in-toto statement (v1) with SLSA provenance (v1) of a release: from what its files were made, and
 * how. It has no times, and the id of its run is made of all that it says: it is the same bytes when the
 * same release is made again.
 */
export function provenance(record: ReleaseRecord): object {
  const buildDefinition = {
    buildType,
    externalParameters: externalParameters(record),
    internalParameters: { epoch: record.epoch },
    resolvedDependencies: resolvedDependencies(record),
  };
  const subject = record.files.map(({ path, sha256 }) => ({ name: path, digest: { sha256 } }));
  return {
    _type: 'https://in-toto.io/Statement/v1',
    subject,
    predicateType: 'https://slsa.dev/provenance/v1',
    predicate: {
      buildDefinition,
      runDetails: {
        builder: {
          id: 'pkg:npm/kbuild-ts',
          version: { 'kbuild-ts': record.tool.version },
        },
        metadata: { invocationId: contentUuid(JSON.stringify([subject, buildDefinition])) },
      },
    },
  };
}

/** What whoever made the release has asked for. */
function externalParameters({ projects, formats, options, signedBy, jobs }: ReleaseRecord) {
  return {
    projects,
    formats,
    ...(options !== undefined && { options }),
    ...(signedBy !== undefined && { signedBy }),
    jobs: jobs.map(({ id, project, kernel, release, arch, toolchain, make, dkms, env }) => ({
      id,
      project,
      ...(kernel !== undefined && { kernel }),
      ...{ release, arch, toolchain, make, env },
      ...(dkms !== undefined && { dkmsMake: dkms.make }),
    })),
  };
}

/** What went into the jobs, each once: sources, KDIRs, images. */
function resolvedDependencies({ jobs, options }: ReleaseRecord): Resource[] {
  const inContainer = options?.runtime !== 'host';
  const all = new Map<string, Resource>();
  for (const job of jobs.filter(({ status }) => status === 'built')) {
    const image = inContainer ? [imageOf(job)] : [];
    for (const resource of [...sourcesOf(job), kdirOf(job), ...image]) {
      all.set(JSON.stringify(resource), resource);
    }
  }
  return sortedBy([...all], ([text]) => text).map(([, resource]) => resource);
}

/** These digests are over lists of files, not over the bytes of one: they have names of their own. */
const sourcesOf = ({ sources }: ReleasedJob): Resource[] =>
  sources.map(({ placement, digest }) => ({
    name: placement,
    digest: { kbuildTsSources: digest },
    annotations: { kind: 'sources' },
  }));

const kdirOf = ({ kdir, kernel, release, arch }: ReleasedJob): Resource => ({
  name: `${release}/${arch}`,
  digest: { kbuildTsKdir: kdir.identity },
  annotations: { kind: 'kdir', path: kdir.path, ...(kernel !== undefined && { kernel }) },
});

function imageOf({ image: { name, id, packages = [] } }: ReleasedJob): Resource {
  const [, digest] = /^sha256:([0-9a-f]{64})$/.exec(id ?? '') ?? [];
  return {
    name,
    uri: `pkg:docker/${name.replace(/:([^:/]*)$/, '@$1')}`,
    ...(digest !== undefined && { digest: { sha256: digest } }),
    annotations: {
      kind: 'image',
      ...(packages.length > 0 && { packages: packages.join(' ') }),
    },
  };
}
