import { z } from 'zod';
import { testRecordSchema } from './test-record-schema.js';

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
  contentSha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .optional()
    .describe('Of the module without its signature; absent if it has none'),
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

export const dkmsRecordSchema = z
  .strictObject({
    name: z.string().describe('PACKAGE_NAME'),
    version: z.string().describe('PACKAGE_VERSION'),
    modules: z.array(
      z.strictObject({
        built: z.string().describe('BUILT_MODULE_NAME'),
        location: z.string().describe('BUILT_MODULE_LOCATION'),
        dest: z.string().describe('DEST_MODULE_NAME'),
        target: z.string().describe('DEST_MODULE_LOCATION'),
        strip: z.boolean(),
        excluded: z.string().optional().describe('The rule that keeps it from being built'),
      }),
    ),
    make: z.string().describe('The command, in the paths of the container'),
    patches: z.array(z.string()),
    buildDepends: z.array(z.string()),
    hooks: z.record(z.string(), z.string()),
    withoutDebugInformation: z
      .boolean()
      .describe('It was built without the debug information that strip would have removed'),
    autoinstall: z.boolean(),
    noWeakModules: z.boolean(),
    excluded: z.string().optional().describe('The rule that keeps all of it from being built'),
    overlays: z.array(z.string()).describe('Files that overlaid dkms.conf'),
    answers: z
      .array(z.string())
      .describe('What was in force for programs that ask for the machine and its kernel'),
    warnings: z.array(z.string()),
    problems: z.array(z.string()).describe('What is wrong with dkms.conf'),
  })
  .describe('What its dkms.conf means for the kernel');

export const jobRecordSchema = z.strictObject({
  id: z.string(),
  project: z.string(),
  version: z.string().optional().describe("The project's version, where it has one"),
  release: z.string().describe('Kernel release'),
  arch: z.string(),
  toolchain: z.string(),
  kernel: z
    .string()
    .optional()
    .describe('The reference by which its kernel is got again: debian:<suite>/<release>, a path…'),
  status: z.enum(['built', 'cached', 'skipped', 'failed']),
  cache: z
    .enum(['local', 'shared'])
    .optional()
    .describe('Of a cached job: in which cache it was found'),
  error: errorSchema.optional(),
  milliseconds: z.number().nonnegative(),
  diagnostics: z.array(diagnosticSchema),
  artifacts: z.array(artifactSchema),
  log: z.string().optional().describe('Relative to the output directory'),
  key: z.string().describe('Hash over all inputs: equal keys give equal modules'),
  make: z
    .array(z.string())
    .describe('Arguments of make, without -j; empty where dkms.conf has the command (dkms.make)'),
  dkms: dkmsRecordSchema.optional(),
  objects: z
    .strictObject({
      compiled: z.int().nonnegative(),
      reused: z
        .int()
        .nonnegative()
        .describe('Of an earlier build: what they are made of is the same'),
    })
    .optional()
    .describe("The project's objects; absent if nothing was built, or if objects are not kept"),
  usage: z
    .strictObject({
      cpuMilliseconds: z.number().nonnegative(),
      memoryBytes: z.number().nonnegative().describe('The most that was held at once'),
    })
    .optional()
    .describe(
      "What all processes of the build's container took, as its cgroup counts; absent if nothing was built or the engine does not tell",
    ),
  env: z.record(z.string(), z.string()),
  image: z
    .strictObject({
      name: z.string(),
      id: z.string().optional(),
      packages: z
        .array(z.string())
        .optional()
        .describe('Debian packages that it holds besides the toolchain (buildDeps)'),
    })
    .describe('The container image; without an id if none was needed'),
  kdir: z.strictObject({ path: z.string(), identity: z.string() }),
  sources: z.array(z.strictObject({ placement: z.string(), digest: z.string() })),
});

export const optionsSchema = z
  .strictObject({
    runtime: z.enum(['docker', 'host']),
    prepare: z.enum(['auto', 'never']),
    warnings: z.string().optional().describe('-W'),
    check: z.string().optional().describe('-C'),
    buildDeps: z.array(z.string()).optional().describe('--build-dep'),
    directives: z.array(z.string()).optional().describe('--directive'),
  })
  .describe('What the command line said of how all of it is built');

export const manifestSchema = z.strictObject({
  schemaVersion: z.literal(1),
  tool: z.strictObject({ name: z.literal('kbuild-ts'), version: z.string() }),
  output: z.string().describe('The output directory'),
  startedAt: z.iso.datetime(),
  milliseconds: z.number().nonnegative(),
  status: z.enum(['succeeded', 'failed']),
  options: optionsSchema.optional(),
  jobs: z.array(jobRecordSchema),
  sharedCache: z
    .strictObject({
      hits: z.int().nonnegative().describe('Jobs whose modules it gave'),
      misses: z.int().nonnegative().describe('Jobs that it was to give and did not'),
      puts: z.int().nonnegative().describe('Jobs that were put there'),
      failures: z.int().nonnegative().describe('How often it did not do what it was asked'),
      refused: z
        .int()
        .nonnegative()
        .describe('Misses where it had an entry, and not a good one: damaged or forged'),
    })
    .optional()
    .describe('Absent if no shared cache was used'),
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
  tests: z
    .array(testRecordSchema)
    .optional()
    .describe('What came of loading modules in a booted kernel; absent if that was not asked for'),
});

export type Verdict = z.infer<typeof verdictSchema>;
export type Artifact = z.infer<typeof artifactSchema>;
export type JobRecord = z.infer<typeof jobRecordSchema>;
export type Manifest = z.infer<typeof manifestSchema>;

/** The JSON schema of the manifest, as `schemas/manifest.schema.json` holds it. */
export function manifestJsonSchema(): object {
  return { title: 'kbuild-ts manifest', ...z.toJSONSchema(manifestSchema) };
}
