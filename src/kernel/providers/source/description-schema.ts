import { z } from 'zod';
import { allArchs } from '../../../arch/arch.js';
import { configProblem } from '../../../data/config-problem.js';
import { invalid, type DescriptionPlace } from './description.js';

/** What kbuild-ts says on the make line itself, or what would lead the build elsewhere. */
const ownVariables = [
  'ARCH',
  'KBUILD_EXTMOD',
  'KBUILD_OUTPUT',
  'KCONFIG_ALLCONFIG',
  'M',
  'MO',
  'O',
];

const variableName = z
  .string()
  .regex(/^[A-Za-z_]\w*$/, 'a variable of make has letters, digits and _ only')
  .refine((name) => !ownVariables.includes(name), 'kbuild-ts sets this variable itself');

const line = z.string().regex(/^[^\n\r\0]*$/, 'the value must be one line');

/** A path below the source's top directory, with no way out of it. */
const target = z
  .string()
  .refine(
    (path) => path.split('/').every((part) => !['', '.', '..'].includes(part)),
    'a path in the source is relative and has no . or ..',
  );

const archs = allArchs().map(({ name }) => name);

export const descriptionSchema = z
  .strictObject({
    $schema: z.string().optional().describe('Address of this schema, for editors'),
    source: z
      .string()
      .min(1)
      .describe(
        'Tarball (.tar.xz, .tar.gz, .tar.zst), git tree (path or path#revision) or directory, relative to this file',
      ),
    arch: z.enum(archs).optional().describe('Architecture; default: whichever is asked for'),
    toolchain: z
      .string()
      .optional()
      .describe('Toolchain; default: the one that fits a kernel of this version'),
    config: z
      .string()
      .min(1)
      .optional()
      .describe(
        'defconfig (default), <name>_defconfig, tinyconfig, allnoconfig, allyesconfig, allmodconfig, alldefconfig, or a file, relative to this one',
      ),
    fragments: z
      .array(z.string().min(1))
      .optional()
      .describe('Files of configuration that are merged into it, in order'),
    set: z
      .record(
        z.string().regex(/^(?:CONFIG_)?[A-Z0-9][A-Za-z0-9_]*$/, 'not the name of a config symbol'),
        z.union([line, z.number(), z.boolean()]),
      )
      .optional()
      .describe('Values of config symbols, after all fragments'),
    localversion: z
      .string()
      .regex(/^[\w.+~-]{0,40}$/, 'it has letters, digits and . _ + ~ - only, 40 at most')
      .optional()
      .describe("CONFIG_LOCALVERSION: what the kernel's release ends with"),
    files: z
      .record(target, z.string().min(1))
      .optional()
      .describe('Files that are put into the source: paths in it, and files relative to this one'),
    make: z
      .record(variableName, z.union([line, z.number()]))
      .optional()
      .describe('More variables for the make line'),
    build: z
      .enum(['kernel', 'prepare'])
      .optional()
      .describe(
        'kernel (default): vmlinux, modules, bootable image, Module.symvers; prepare: make modules_prepare only',
      ),
  })
  .refine(
    ({ localversion, set = {} }) =>
      localversion === undefined || !('LOCALVERSION' in set || 'CONFIG_LOCALVERSION' in set),
    { path: ['localversion'], message: 'set has CONFIG_LOCALVERSION too' },
  );

/** The JSON schema of a description, as `schemas/kernel.schema.json` holds it. */
export function descriptionJsonSchema(): object {
  return {
    title: 'kbuild-ts description of a kernel',
    ...z.toJSONSchema(descriptionSchema, { io: 'input' }),
  };
}

/** @throws KbuildError KERNEL_SOURCE_INVALID for the first problem, with its place */
export function validate(
  value: unknown,
  { name: file, document, lines }: DescriptionPlace,
): z.infer<typeof descriptionSchema> {
  const result = descriptionSchema.safeParse(value);
  if (result.success) return result.data;
  const source = { file, hint: 'docs/kernels.md lists every key of a description.' };
  const { message, hint } = configProblem(
    new z.ZodError(result.error.issues.map(plainIssue)),
    document === undefined || lines === undefined ? source : { ...source, document, lines },
    () => Object.keys(descriptionSchema.shape).filter((key) => key !== '$schema'),
  );
  throw invalid(message, hint);
}

/** Of the key of a record zod says only that it is wrong; what is, is in an issue of its own. */
function plainIssue(issue: z.core.$ZodIssue): z.core.$ZodIssue {
  const [inner] = issue.code === 'invalid_key' ? issue.issues : [];
  return inner === undefined ? issue : { ...issue, message: inner.message };
}
