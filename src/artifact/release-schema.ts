import { z } from 'zod';
import { artifactSchema, jobRecordSchema, optionsSchema } from './manifest-schema.js';
import { caseResultSchema, testRecordSchema } from './test-record-schema.js';

/**
 * The shape of `release.json`: what a release was made of, in the words of the manifest. It is the same
 * bytes whenever and wherever the same release is made again, so nothing of a manifest is in it that is
 * of one run alone: times, usage, paths of the machine, what the caches had. The path of a KDIR is in it,
 * since make was called with it. Within one `schemaVersion`, fields are added, never removed or given
 * another meaning.
 */

export const releaseRecordName = 'release.json';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

const releasedJobSchema = jobRecordSchema
  .pick({
    id: true,
    project: true,
    version: true,
    release: true,
    arch: true,
    toolchain: true,
    key: true,
    make: true,
    dkms: true,
    env: true,
    image: true,
    kdir: true,
    sources: true,
  })
  .extend({
    kernel: z
      .string()
      .optional()
      .describe('The reference by which its kernel is got again; absent where it is a path'),
    status: z.enum(['built', 'skipped']).describe('built: by this run or by an earlier one'),
    artifacts: z
      .array(artifactSchema.omit({ verdicts: true }))
      .describe('As they were built: not yet stripped and compressed'),
  });

export const releaseSchema = z.strictObject({
  schemaVersion: z.literal(1),
  tool: z.strictObject({ name: z.literal('kbuild-ts'), version: z.string() }),
  epoch: z
    .int()
    .nonnegative()
    .describe('The time of all that is in the packages, in seconds since 1970'),
  formats: z.array(z.string()),
  signedBy: z
    .strictObject({
      certificate: sha256.describe('SHA-256 of the certificate, DER'),
      subject: z.string(),
    })
    .optional()
    .describe('The key that the evidence is signed with; absent if it is not signed'),
  options: optionsSchema.optional(),
  projects: z.array(
    z.strictObject({
      name: z.string(),
      version: z.string(),
      package: z.string().describe('What the names of its packages begin with'),
    }),
  ),
  jobs: z.array(releasedJobSchema),
  tests: z
    .array(
      testRecordSchema.pick({ job: true }).extend({
        cases: z.array(caseResultSchema.pick({ name: true, verdict: true })),
      }),
    )
    .optional()
    .describe('What came of loading the packaged modules in their kernels; absent if none was'),
  files: z.array(
    z.strictObject({
      path: z.string().describe('Relative to the directory of the release'),
      size: z.int().nonnegative().describe('Bytes'),
      sha256,
    }),
  ),
});

export type ReleaseRecord = z.infer<typeof releaseSchema>;
export type ReleasedJob = z.infer<typeof releasedJobSchema>;

/** The JSON schema of the record, as `schemas/release.schema.json` holds it. */
export function releaseJsonSchema(): object {
  return { title: 'kbuild-ts release', ...z.toJSONSchema(releaseSchema) };
}
