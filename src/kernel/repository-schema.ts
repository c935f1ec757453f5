import { existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { z } from 'zod';
import { configProblem, parseConfigText } from '../data/config-problem.js';
import { KbuildError } from '../errors/kbuild-error.js';
import type {
  AptRepository,
  DnfRepository,
  ImagePackages,
  MetaPackages,
  Repository,
} from './repository.js';
import { allSuites } from './suite.js';

const name = z.string().regex(/^[a-z0-9][\w.-]*$/, 'write lower-case letters, digits and . _ -');

const pattern = z.string().refine(isRegularExpression, 'this is no regular expression');

const common = {
  distribution: name
    .refine((text) => text !== 'host' && text !== 'source', 'this means something else')
    .describe('The part of a reference before the colon'),
  name: name.describe('The part after the colon'),
  suite: z
    .enum(allSuites().map((suite) => suite.name))
    .optional()
    .describe('The suite whose images run the package manager and the host tools'),
  image: z.string().min(1).optional().describe('An image that has the package manager, instead'),
  sources: z
    .string()
    .min(1)
    .optional()
    .describe("Repositories in the manager's own format: deb822 (.sources) or INI (.repo)"),
  keys: z
    .array(z.string())
    .optional()
    .describe('Files of the keys that sign them, relative to this file'),
};

const packageName = z
  .string()
  .regex(/^[a-z0-9]([a-z0-9+.-]|\{release\})*$/, 'write the name of a package, with {release}');

const metaPackagesSchema = z
  .strictObject({
    package: z.string().regex(/^[a-z0-9]([a-z0-9+.-]|\{[a-z]+\})*$/, 'write the name of a package'),
    releases: pattern,
  })
  .refine(namesGroups, 'it names a {group} that its releases have not');

const imagePackagesSchema = z.strictObject({
  packages: z.array(packageName).min(1),
  with: pattern.optional(),
  files: z.array(z.string().startsWith('/')).min(1),
  modules: z.array(z.string().startsWith('/')),
  metas: z.array(metaPackagesSchema).optional(),
}) satisfies z.ZodType<ImagePackages>;

export const aptRepositorySchema = z.strictObject({
  ...common,
  manager: z.literal('apt'),
  pockets: z.array(name).optional(),
  native: z.boolean().optional(),
  kernels: z.strictObject({
    package: pattern.refine(hasGroup, 'it has no group for the release'),
    with: pattern.optional(),
    latest: z.string(),
    flavours: z.record(z.string(), z.string()).optional(),
    kdir: z.string().startsWith('/'),
    image: imagePackagesSchema.optional(),
  }),
}) satisfies z.ZodType<AptRepository>;

export const dnfRepositorySchema = z.strictObject({
  ...common,
  manager: z.literal('dnf'),
  setup: z.string().optional(),
  kernels: z
    .array(
      z.strictObject({
        package: z.string(),
        with: z.array(z.string()).optional(),
        uname: z.string(),
        kdir: z.string().startsWith('/'),
        stock: z.boolean().optional(),
      }),
    )
    .min(1),
}) satisfies z.ZodType<DnfRepository>;

const schemas = { apt: aptRepositorySchema, dnf: dnfRepositorySchema };

/**
 * Reads the description of a repository.
 * @param directory what relative paths in it are relative to
 * @throws KbuildError CONFIG_SYNTAX, CONFIG_INVALID with file, line and column
 */
export function parseRepository(file: string, text: string, directory: string): Repository {
  const { value, ...source } = parseConfigText(file, text);
  const manager = (value as { manager?: unknown } | null)?.manager;
  if (manager !== 'apt' && manager !== 'dnf') {
    throw new KbuildError(
      'CONFIG_INVALID',
      `${file}: 'manager' must be apt or dnf`,
      'docs/kernels.md shows the description of a repository.',
    );
  }
  const result = schemas[manager].safeParse(value);
  if (!result.success) {
    const hint = 'docs/kernels.md lists every key of the description of a repository.';
    throw configProblem(result.error, { ...source, hint }, (path) => keysAt(manager, path));
  }
  const repository: Repository = result.data;
  const keys = (repository.keys ?? []).map((key) => resolve(directory, key));
  const missing = keys.find((key) => !isFile(key));
  if (missing !== undefined) {
    throw new KbuildError(
      'CONFIG_INVALID',
      `${file}: keys: ${missing} ${existsSync(missing) ? 'is no file' : 'does not exist'}`,
      'Give the file of the public key that signs the repository, relative to this file.',
    );
  }
  if (repository.sources !== undefined && keys.length === 0) {
    throw new KbuildError(
      'CONFIG_INVALID',
      `${file}: 'sources' without 'keys': nothing would tell whose packages these are`,
      'Add the file of the public key that signs the repository: keys: [vendor.asc].',
    );
  }
  if (repository.sources === undefined && keys.length > 0) {
    throw new KbuildError(
      'CONFIG_INVALID',
      `${file}: 'keys' without 'sources': the image's own repositories have keys of their own`,
      "Add the repository that they sign: sources: …, or leave 'keys' out.",
    );
  }
  if (manager === 'apt' && repository.suite === undefined && repository.image === undefined) {
    throw new KbuildError(
      'CONFIG_INVALID',
      `${file}: neither 'suite' nor 'image': apt would have no image to run in`,
      `Add the suite that the kernels' host tools run in: suite: ${allSuites()[0]?.name ?? ''}.`,
    );
  }
  return { ...repository, ...(keys.length > 0 && { keys }) };
}

const isFile = (path: string): boolean => existsSync(path) && statSync(path).isFile();

function keysAt(manager: 'apt' | 'dnf', path: readonly PropertyKey[]): string[] {
  if (path[0] !== 'kernels') return Object.keys(schemas[manager].shape);
  if (path[1] === 'image') return Object.keys(imagePackagesSchema.shape);
  const { kernels } = schemas[manager].shape;
  return Object.keys('element' in kernels ? kernels.element.shape : kernels.shape);
}

/** An alternative of nothing matches always, and tells how many groups there are. */
function hasGroup(text: string): boolean {
  return !isRegularExpression(text) || (new RegExp(`${text}|`).exec('')?.length ?? 0) > 1;
}

/** Whether what stands in braces are groups of the expression. */
function namesGroups({ package: name, releases }: MetaPackages): boolean {
  const wanted = [...name.matchAll(/\{([a-z]+)\}/g)].map(([, group = '']) => group);
  return wanted.every((group) => releases.includes(`(?<${group}>`));
}

function isRegularExpression(text: string): boolean {
  try {
    return new RegExp(text).source !== '';
  } catch {
    return false;
  }
}
