import { z } from 'zod';
import { dkmsPackageSchema } from './dkms-package-schema.js';
import { packageSchema } from './package-schema.js';
import { testSchema } from './test-schema.js';
import { buildDepPattern, buildDepRule } from './build-dep.js';

const flags = z.array(z.string());
const moduleName = z
  .string()
  .regex(/^[A-Za-z0-9_][A-Za-z0-9_-]*$/, 'a module name has letters, digits, _ and - only');

export const moduleSchema = z
  .strictObject({
    name: moduleName.describe('Name of the module: <name>.ko'),
    sources: z
      .array(z.string())
      .min(1)
      .optional()
      .describe(
        'Source files or globs (.c, .S), relative to this file. Leave out where the project has its own Kbuild: then it only says that the module is expected.',
      ),
    cflags: flags.optional().describe('Compiler flags for every source of this module'),
  })
  .describe('One kernel module');

export const signingSchema = z
  .strictObject({
    key: z
      .string()
      .describe(
        'Private key: a PEM file, relative to this file, or a PKCS#11 URI (pkcs11:token=…;object=…)',
      ),
    cert: z.string().describe('Certificate of the key (PEM or DER), relative to this file'),
    hash: z
      .enum(['sha1', 'sha224', 'sha256', 'sha384', 'sha512', 'sha3-256', 'sha3-384', 'sha3-512'])
      .optional()
      .describe("Hash; default: the one that the kernel's configuration names, else sha512"),
  })
  .describe('Sign every module after it was built. The key never enters a build container.');

export const dkmsSchema = z
  .strictObject({
    directives: z
      .record(
        z
          .string()
          .regex(/^[A-Z][A-Z_]*(\[\d{1,4}\])?$/, 'a directive of dkms.conf is NAME or NAME[0]'),
        z.string(),
      )
      .optional()
      .describe('Directives that count for more than those of dkms.conf'),
    overlay: z
      .string()
      .optional()
      .describe(
        'Directory that stands for /etc/dkms, relative to this file: overlays of dkms.conf',
      ),
    with: z
      .array(z.string())
      .optional()
      .describe('Source trees that it needs beside it in /usr/src, relative to this file'),
    package: dkmsPackageSchema.optional(),
  })
  .describe('How the dkms.conf of this directory is read; with it, dkms.conf says what is built');

export const projectConfigSchema = z
  .strictObject({
    $schema: z.string().optional().describe('Address of this schema, for editors'),
    name: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9._+-]*$/, 'a project name has letters, digits and . _ + - only')
      .describe('Name of the project'),
    version: z.string().optional().describe('Version of the project'),
    license: z
      .string()
      .optional()
      .describe(
        'What MODULE_LICENSE says in every module, for example GPL or "Dual MIT/GPL"; verified',
      ),
    modules: z
      .array(moduleSchema)
      .min(1)
      .optional()
      .describe('The modules that the project yields'),
    includes: z
      .array(z.string())
      .optional()
      .describe('Include directories for all modules, relative to this file'),
    ccflags: flags.optional().describe('Compiler flags for all modules'),
    fileFlags: z
      .record(z.string(), flags)
      .optional()
      .describe('Compiler flags for single source files'),
    depends: z
      .array(z.string())
      .optional()
      .describe(
        'Directories of projects whose exported symbols this one uses; they are built first and their Module.symvers goes to KBUILD_EXTRA_SYMBOLS',
      ),
    make: z
      .record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/), z.string())
      .optional()
      .describe(
        'More variables for the make line. MO is a directory relative to this file, where Linux 6.13 and later puts what it builds',
      ),
    kernels: z
      .array(z.string())
      .optional()
      .describe(
        'Kernels to build for: debian:<suite>, debian:<suite>/<release>, host, or a KDIR path',
      ),
    archs: z.array(z.string()).optional().describe('Architectures to build for'),
    toolchains: z
      .array(z.string())
      .optional()
      .describe('Toolchains; default: the one that each kernel was built with'),
    output: z
      .string()
      .optional()
      .describe('Output directory, relative to this file; default: dist'),
    buildDeps: z
      .array(z.string().regex(buildDepPattern, buildDepRule))
      .optional()
      .describe(
        'Debian packages that a build needs besides the toolchain; put into an image of its own',
      ),
    dkms: dkmsSchema.optional(),
    signing: signingSchema.optional(),
    test: testSchema.optional(),
    package: packageSchema.optional(),
  })
  .describe('kbuild-ts project: what kbuild.config.yaml may say');

export const workspaceConfigSchema = z
  .strictObject({
    $schema: z.string().optional().describe('Address of this schema, for editors'),
    projects: z
      .array(z.string())
      .min(1)
      .describe('Directories of projects, or globs of them, relative to this file'),
    kernels: projectConfigSchema.shape.kernels,
    archs: projectConfigSchema.shape.archs,
    output: projectConfigSchema.shape.output,
  })
  .describe('kbuild-ts workspace: several projects that are built together');

/** What a configuration file may hold: one project, or a workspace of several. */
export const configSchema = z.union([projectConfigSchema, workspaceConfigSchema]);

export type ProjectConfig = z.infer<typeof projectConfigSchema>;
export type WorkspaceConfig = z.infer<typeof workspaceConfigSchema>;
export type Config = ProjectConfig | WorkspaceConfig;
