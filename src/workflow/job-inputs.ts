import type { JobRecord } from '../artifact/manifest-schema.js';
import type { Job } from '../plan/job.js';

/** What a job is built from, as a manifest has it. */
export type JobInputs = Pick<
  JobRecord,
  'kernel' | 'key' | 'make' | 'env' | 'image' | 'kdir' | 'sources'
>;

/**
 * What a job is built from, for a manifest.
 * @param imageId the id of its image, if that is known
 * @param digests of its sources, where they changed after it was planned
 */
export function inputsOf(job: Job, imageId?: string, digests?: readonly string[]): JobInputs {
  const { buildDeps } = job.source.project;
  return {
    ...(job.kernel !== undefined && { kernel: job.kernel }),
    key: job.key,
    make: job.make,
    env: job.env,
    image: {
      name: job.image,
      ...(imageId !== undefined && imageId !== '' && { id: imageId }),
      ...(buildDeps.length > 0 && { packages: buildDeps }),
    },
    kdir: { path: job.kdir.path, identity: job.kdir.identity },
    sources: [
      ...[job.source, ...job.dependencies],
      ...(job.dkms?.with ?? []),
      ...(job.dkms?.overlay === undefined ? [] : [job.dkms.overlay]),
    ].map(({ placement, digest }, i) => ({ placement, digest: digests?.[i] ?? digest })),
  };
}
