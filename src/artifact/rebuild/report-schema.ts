import { z } from 'zod';
import { errorSchema } from '../manifest-schema.js';

/**
 * The shape of `rebuild --json`, from which its JSON schema (schemas/rebuild.schema.json) and its types
 * are made. Within one `schemaVersion`, fields are added, never removed or given another meaning.
 * `was` is what the manifest, or the file beside it, says; `now` is what was built anew.
 */

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

const place = z
  .strictObject({ offset: z.int().nonnegative(), size: z.int().nonnegative() })
  .describe('In the file without its signature, bytes');

const signer = z.strictObject({ signer: z.string(), keyId: z.string(), hash: z.string() });

export const differenceSchema = z.discriminatedUnion('part', [
  z.strictObject({
    part: z.literal('section'),
    name: z.string(),
    was: place.nullable().describe('null: there was no such section'),
    now: place.nullable().describe('null: there is none any more'),
    first: z
      .int()
      .nonnegative()
      .optional()
      .describe('Offset in the section of the first byte that differs, from 0'),
  }),
  z.strictObject({
    part: z.literal('modinfo'),
    tag: z.string(),
    was: z.array(z.string()),
    now: z.array(z.string()),
  }),
  z.strictObject({
    part: z.literal('headers'),
    first: z.int().nonnegative().describe('Offset of a byte of no section that differs, from 0'),
  }),
  z.strictObject({
    part: z.literal('signature'),
    was: signer.nullable(),
    now: signer.nullable(),
  }),
  z.strictObject({
    part: z.literal('size'),
    was: z.int().nonnegative(),
    now: z.int().nonnegative(),
  }),
  z.strictObject({ part: z.literal('unreadable'), why: z.string() }),
]);

export const comparisonSchema = z.strictObject({
  path: z.string().describe('Relative to the output directory'),
  verdict: z
    .enum(['equal', 'equal-content', 'differs', 'missing', 'extra'])
    .describe(
      'equal-content: equal but for what `except` names; missing: not built any more; extra: not in the manifest',
    ),
  except: z
    .array(z.enum(['unsigned', 'random-signature', 'compression']))
    .describe(
      'What was not compared. unsigned: signatures, there was no key; random-signature: signatures, they hold a random number; compression: of the file beside the manifest',
    ),
  published: z
    .enum(['as-recorded', 'altered', 'absent'])
    .optional()
    .describe(
      'The file beside the manifest, held against the SHA-256 in the manifest; not looked at if missing or extra',
    ),
  was: sha256.optional().describe('SHA-256 in the manifest'),
  now: sha256.optional().describe('SHA-256 of what was built'),
  firstByte: z
    .int()
    .nonnegative()
    .optional()
    .describe('Offset of the first byte that differs, from 0, where both files are there'),
  differences: z.array(differenceSchema),
});

export const inputDifferenceSchema = z.strictObject({
  input: z.enum(['sources', 'kernel', 'image', 'make', 'env', 'tool', 'runtime', 'other']),
  detail: z.string(),
});

export const rebuiltJobSchema = z.strictObject({
  id: z.string().describe('As in the manifest'),
  project: z.string(),
  release: z.string(),
  arch: z.string(),
  toolchain: z.string(),
  status: z
    .enum(['rebuilt', 'failed', 'not-planned'])
    .describe('not-planned: its project, kernel or toolchain cannot be had'),
  error: errorSchema.optional(),
  inputs: z.array(inputDifferenceSchema).describe('What it is built from that is not as it was'),
  artifacts: z.array(comparisonSchema),
});

export const rebuildSchema = z.strictObject({
  schemaVersion: z.literal(1),
  tool: z.strictObject({ name: z.literal('kbuild-ts'), version: z.string() }),
  manifest: z.string().describe('Path of the manifest'),
  output: z.string().optional().describe('Where what was built lies (--out); absent: it is gone'),
  milliseconds: z.number().nonnegative(),
  status: z
    .enum(['equal', 'differs', 'failed'])
    .describe('failed: a job does not compile or cannot be planned'),
  inputs: z.array(inputDifferenceSchema).describe('Of all jobs: kbuild-ts itself, the runtime'),
  jobs: z.array(rebuiltJobSchema),
  ignored: z.array(z.string()).describe('Jobs of the manifest that had given no module'),
});

export type Difference = z.infer<typeof differenceSchema>;
export type Comparison = z.infer<typeof comparisonSchema>;
export type InputDifference = z.infer<typeof inputDifferenceSchema>;
export type RebuiltJob = z.infer<typeof rebuiltJobSchema>;
export type RebuildReport = z.infer<typeof rebuildSchema>;

/** The JSON schema of the report, as `schemas/rebuild.schema.json` holds it. */
export function rebuildJsonSchema(): object {
  return { title: 'kbuild-ts rebuild', ...z.toJSONSchema(rebuildSchema) };
}
