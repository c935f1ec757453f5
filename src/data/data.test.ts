import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { allArchs, type Arch } from '../arch/arch.js';
import { aptRepositorySchema, dnfRepositorySchema } from '../kernel/repository-schema.js';
import type { GuestProgram } from '../kernel/guest-program.js';
import { repositoryId, shippedRepositories } from '../kernel/repository.js';
import { allSuites, type Suite } from '../kernel/suite.js';
import type { EditorOptions } from '../engine/compile-database/editor-options.js';
import { toolchainImage } from '../toolchain/image-recipe.js';
import { allToolchains, makeVariables, type Toolchain } from '../toolchain/toolchain.js';
import { readFolder } from './folder.js';
import { packageRoot, packageVersion } from './package-root.js';

/**
 * Nothing checks our own data files when the command line runs. This does, once for all: each file
 * has the fields of its interface, all of them and no others.
 */

const name = z.string().regex(/^[a-z0-9][a-z0-9_.+-]*$/);

const archSchema = z.strictObject({
  name,
  aliases: z.array(name),
  srcarch: name,
  config: z.string().regex(/^CONFIG_[A-Z0-9_]+$/),
  elf: z.strictObject({
    machine: z.int().positive(),
    class: z.literal([32, 64]),
    endian: z.literal(['little', 'big']),
  }),
  vermagic: z.string().regex(/^\S*$/),
  triple: z.string().regex(/^[a-z0-9_]+-linux-gnu[a-z0-9]*$/),
  debian: name,
  rpm: name,
  machine: name,
  oci: name,
  flavour: name,
  images: z.array(z.string().regex(/^arch\/\w+\/boot\/[\w.]+$/)).min(1),
  imageFormats: z.array(z.literal(['bzImage', 'zboot', 'Image'])).min(1),
  qemu: z.strictObject({
    binary: z.string().startsWith('qemu-system-'),
    machine: name,
    cpu: name,
    console: z.string().regex(/^tty/),
    package: name,
    parameters: z
      .array(z.string().regex(/^[\x21-\x7e]+$/))
      .min(1)
      .exactOptional(),
  }),
}) satisfies z.ZodType<Arch>;

const toolchainSchema = z.strictObject({
  name: z.string().regex(/^(gcc|clang)-\d+$/),
  family: z.literal(['gcc', 'clang']),
  major: z.int().positive(),
  suite: z.literal(allSuites().map((suite) => suite.name)),
  packages: z.strictObject({ native: z.array(z.string()).min(1), cross: z.array(z.string()) }),
  program: z.string().regex(/^(\{triple\}-)?(gcc|clang)-\d+$/),
  make: z.record(z.string().regex(/^[A-Z_]+$/), z.string()),
}) satisfies z.ZodType<Toolchain>;

const suiteSchema = z.strictObject({
  name,
  distribution: z.literal('debian'),
  image: z.string().regex(/^[a-z0-9./-]+:[a-z0-9.-]+$/),
  glibc: z.string().regex(/^\d+\.\d+$/),
  kernel: z.string().regex(/^\d+\.\d+$/),
  openssl: z.array(z.string().regex(/^lib(crypto|ssl)\.so\.[\d.]+$/)).length(2),
  packages: z.array(name).min(1),
}) satisfies z.ZodType<Suite>;

const repositorySchema = z.discriminatedUnion('manager', [
  aptRepositorySchema,
  dnfRepositorySchema,
]);

const option = z.string().regex(/^-\S+$/);

const editorSchema = z.strictObject({
  name,
  never: z.array(option).min(1),
  gcc: z.array(option).min(1),
  add: z.array(option),
}) satisfies z.ZodType<EditorOptions>;

const guestSchema = z.strictObject({
  name,
  repository: z.literal(shippedRepositories().map(repositoryId)),
  package: name,
  path: z.string().startsWith('/'),
}) satisfies z.ZodType<GuestProgram>;

const folders = {
  'toolchains/arch': archSchema,
  toolchains: toolchainSchema,
  'toolchains/suite': suiteSchema,
  'toolchains/repository': repositorySchema,
  'toolchains/editor': editorSchema,
  'toolchains/guest': guestSchema,
};

const files = Object.entries(folders).flatMap(([folder, schema]) =>
  readdirSync(join(packageRoot, folder))
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => ({ file, path: join(folder, file), schema })),
);

describe('the files of toolchains/', () => {
  it('lie in the folders that are read, and nowhere else', () => {
    const all = readdirSync(join(packageRoot, 'toolchains'), {
      recursive: true,
      encoding: 'utf8',
      withFileTypes: true,
    })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(packageRoot.length));
    expect(all.sort()).toEqual(files.map(({ path }) => path).sort());
  });

  it.each(files)(
    '$path has the fields of its interface and no others',
    ({ path, file, schema }) => {
      const value: unknown = parse(readFileSync(join(packageRoot, path), 'utf8'));
      const result = schema.safeParse(value);
      expect(result.error?.issues ?? []).toEqual([]);
      const { data } = result;
      const named = data && 'manager' in data ? `${data.distribution}-${data.name}` : data?.name;
      expect(`${named}.yaml`).toBe(file);
    },
  );
});

describe('toolchains', () => {
  it.each(allToolchains())('$name is called what its compiler is', ({ name, family, major }) => {
    expect(name).toBe(`${family}-${major}`);
  });

  it.each(allToolchains())('$name installs and calls its own version', (toolchain) => {
    const { family, major, packages, program } = toolchain;
    expect(packages.native).toContain(`${family}-${major}`);
    expect(program).toBe(toolchain.make.CC ?? `${family}-${major}`);
    for (const arch of allArchs()) {
      const variables = makeVariables(toolchain, arch);
      const text = Object.values(variables).join(' ');
      expect(variables.ARCH).toBe(arch.name);
      expect(text).not.toMatch(/[{}]/);
      expect(text).toMatch(new RegExp(`-${major}\\b`));
    }
  });

  it.each(allToolchains())('$name names packages that Debian can have', (toolchain) => {
    for (const machine of allArchs()) {
      const { args } = toolchainImage(toolchain, machine);
      const packages = args.TOOLCHAIN_PACKAGES?.split(' ') ?? [];
      expect(packages.length).toBeGreaterThan(0);
      // Debian policy 5.6.1.
      for (const one of packages) expect(one).toMatch(/^[a-z0-9][a-z0-9+.-]+$/);
      expect(new Set(packages).size).toBe(packages.length);
    }
  });
});

describe('readFolder', () => {
  it('reads the files sorted by name, and no folders below', () => {
    const names = readFolder<{ name: string }>('toolchains').map((value) => value.name);
    expect(names).toEqual([...names].sort());
    expect(names).toContain('gcc-12');
    expect(names).not.toContain('arm64');
  });
});

describe('packageRoot', () => {
  it('is the directory that holds what the package reads', () => {
    for (const part of ['toolchains', 'templates', 'Dockerfile', 'package.json']) {
      expect(existsSync(join(packageRoot, part))).toBe(true);
    }
  });
});

describe('packageVersion', () => {
  it('is the version that npm sees', () => {
    const pkg = execFileSync('npm', ['pkg', 'get', 'version'], {
      cwd: packageRoot,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    expect(packageVersion()).toBe(JSON.parse(pkg));
  });
});
