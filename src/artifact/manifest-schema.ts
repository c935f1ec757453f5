import { z } from 'zod';

/**
 * The shape of `manifest.json` and of `build --json`, from which its JSON schema
 * (schemas/manifest.schema.json) and its types are made. What it describes is public: within one
 * `schemaVersion`, fields are added, never removed or given another meaning.
 */

export const verdictSchema = z.strictObject({
  check: z.enum(['machine', 'vermagic', 'name', 'license', 'symbols', 'signature']),
  status: z
    .enum(['ok', 'failed', 'unknown'])
    .describe('unknown: it could not be judged; detail says why'),
  detail: z.string(),
});

export const artifactSchema = z.strictObject({
  path: z.string().describe('Relative to the output directory; of inspect: as it was given'),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  size: z.int().nonnegative().describe('Bytes'),
  modinfo: z
    .record(z.string(), z.array(z.string()))
    .describe('Each tag of .modinfo with the list of its values, in file order'),
  elf: z.strictObject({
    class: z.union([z.literal(32), z.literal(64)]),
    endian: z.enum(['little', 'big']),
    machine: z.int().describe('e_machine'),
    type: z.int().describe('e_type'),
  }),
  signature: z
    .strictObject({ signer: z.string(), keyId: z.string(), hash: z.string() })
    .nullable()
    .describe('What the appended signature says of itself; null for none'),
  verdicts: z.array(verdictSchema),
});

export const diagnosticSchema = z.strictObject({
  severity: z.enum(['error', 'warning', 'note']),
  message: z.string(),
  file: z.string().optional(),
  line: z.int().optional(),
  column: z.int().optional(),
  flag: z.string().optional(),
});

export const errorSchema = z.strictObject({
  code: z.string().describe('One of docs/errors.md'),
  message: z.string(),
  hint: z.string(),
});

export const jobRecordSchema = z.strictObject({
  id: z.string(),
  project: z.string(),
  version: z.string().optional().describe("The project's version, where it has one"),
  release: z.string().describe('Kernel release'),
  arch: z.string(),
  toolchain: z.string(),
  status: z.enum(['built', 'cached', 'skipped', 'failed']),
  error: errorSchema.optional(),
  milliseconds: z.number().nonnegative(),
  diagnostics: z.array(diagnosticSchema),
  artifacts: z.array(artifactSchema),
  log: z.string().optional().describe('Relative to the output directory'),
  key: z.string().describe('Hash over all inputs: equal keys give equal modules'),
  make: z.array(z.string()).describe('Arguments of make, without -j'),
  env: z.record(z.string(), z.string()),
  image: z
    .strictObject({ name: z.string(), id: z.string().optional() })
    .describe('The container image; without an id if none was needed'),
  kdir: z.strictObject({ path: z.string(), identity: z.string() }),
  sources: z.array(z.strictObject({ placement: z.string(), digest: z.string() })),
});

export const manifestSchema = z.strictObject({
  schemaVersion: z.literal(1),
  tool: z.strictObject({ name: z.literal('kbuild-ts'), version: z.string() }),
  output: z.string().describe('The output directory'),
  startedAt: z.iso.datetime(),
  milliseconds: z.number().nonnegative(),
  status: z.enum(['succeeded', 'failed']),
  jobs: z.array(jobRecordSchema),
  unusable: z
    .array(
      z.strictObject({
        ref: z.string().describe('As a kernel reference names it'),
        release: z.string().optional(),
        arch: z.string().optional(),
        error: errorSchema,
      }),
    )
    .optional()
    .describe('Kernels that were named and that nothing could be built for; absent for none'),
});

export type Verdict = z.infer<typeof verdictSchema>;
export type Artifact = z.infer<typeof artifactSchema>;
export type JobRecord = z.infer<typeof jobRecordSchema>;
export type Manifest = z.infer<typeof manifestSchema>;

/** The JSON schema of the manifest, as `schemas/manifest.schema.json` holds it. */
export function manifestJsonSchema(): object {
  return { title: 'kbuild-ts manifest', ...z.toJSONSchema(manifestSchema) };
}
