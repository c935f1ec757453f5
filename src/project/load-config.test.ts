import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { kbuildErrorOf } from '../../test/support/kbuild-error-of.js';
import { temporaryDirectory } from '../../test/support/temporary-directory.js';
import { defineConfig } from './define-config.js';
import { configJsonSchema, loadConfig } from './load-config.js';

/** Loads a configuration with this content. */
const load = (name: string, text: string) =>
  loadConfig(join(temporaryDirectory({ [name]: text }), name));

const config = {
  name: 'x',
  modules: [{ name: 'y', sources: ['a.c'], cflags: ['-DX=1'] }],
  archs: ['arm64'],
  signing: { key: 'k.pem', cert: 'c.pem', hash: 'sha256' },
};

describe('loadConfig', () => {
  it('reads YAML and JSON', async () => {
    const yaml = `name: x
modules:
  - name: y
    sources: [a.c]
    cflags: [-DX=1]
archs: [arm64]
signing: { key: k.pem, cert: c.pem, hash: sha256 }
`;
    expect(await load('kbuild.config.yaml', yaml)).toEqual(config);
    expect(await load('kbuild.config.yml', yaml)).toEqual(config);
    expect(await load('kbuild.config.json', JSON.stringify(config))).toEqual(config);
  });

  it('runs TypeScript, with types and with defineConfig from the package', async () => {
    const text = `import { defineConfig } from 'kbuild-ts';
import type { ProjectConfig } from 'kbuild-ts';
const archs: string[] = ['arm64'];
enum Flag { X = 1 }
export default defineConfig({ ...${JSON.stringify(config)}, archs, name: 'x' satisfies ProjectConfig['name'],
  modules: [{ name: 'y', sources: ['a.c'], cflags: [\`-DX=\${Flag.X}\`] }] });
`;
    expect(await load('kbuild.config.ts', text)).toEqual(config);
  });

  it('runs JavaScript, with defineConfig and with files beside it', async () => {
    const directory = temporaryDirectory({
      'archs.mjs': 'export const archs = ["arm64"];\n',
      'kbuild.config.mjs': `import { defineConfig } from 'kbuild-ts';
import { archs } from './archs.mjs';
export default defineConfig({ ...${JSON.stringify(config)}, archs });
`,
    });
    expect(await loadConfig(join(directory, 'kbuild.config.mjs'))).toEqual(config);
  });

  it('waits for a configuration that is a promise', async () => {
    const text = `export default await Promise.resolve(${JSON.stringify(config)});\n`;
    expect(await load('kbuild.config.mjs', text)).toEqual(config);
  });

  it('runs a program anew each time: it may have changed', async () => {
    const text = `globalThis.kbuildTsRuns = (globalThis.kbuildTsRuns ?? 0) + 1;
export default { name: \`run-\${globalThis.kbuildTsRuns}\` };\n`;
    const file = join(temporaryDirectory({ 'kbuild.config.ts': text }), 'kbuild.config.ts');
    expect(await loadConfig(file)).toEqual({ name: 'run-1' });
    expect(await loadConfig(file)).toEqual({ name: 'run-2' });
  });

  it("leaves the project's directory as it was", async () => {
    const directory = temporaryDirectory({
      'kbuild.config.ts': 'export default { name: "x" as string };\n',
      'node_modules/some/package.json': '{}',
    });
    await loadConfig(join(directory, 'kbuild.config.ts'));
    expect(readdirSync(directory).sort()).toEqual(['kbuild.config.ts', 'node_modules']);
    expect(readdirSync(join(directory, 'node_modules'))).toEqual(['some']);
  });

  it('reads a workspace', async () => {
    const workspace = { projects: ['a', 'b*'], kernels: ['debian:bookworm'], output: 'out' };
    expect(await load('kbuild.config.json', JSON.stringify(workspace))).toEqual(workspace);
  });

  it('allows the address of the schema', async () => {
    const text = '{ "$schema": "./schemas/config.schema.json", "name": "x" }';
    expect(await load('kbuild.config.json', text)).toMatchObject({ name: 'x' });
  });
});

describe('loadConfig refuses', () => {
  it.each([
    { end: 'yaml', at: '2:1', key: 'licence', near: 'license', text: 'name: x\nlicence: GPL\n' },
    {
      end: 'json',
      at: '3:3',
      key: 'kernel',
      near: 'kernels',
      text: '{\n  "name": "x",\n  "kernel": ["host"]\n}',
    },
    {
      end: 'yaml',
      at: '4:5',
      key: 'source',
      near: 'sources',
      text: 'name: x\nmodules:\n  - name: y\n    source: [a.c]\n',
    },
    {
      end: 'yaml',
      at: '2:20',
      key: 'certs',
      near: 'cert',
      text: 'name: x\nsigning: { key: k, certs: c, cert: c }\n',
    },
    {
      end: 'yaml',
      at: '2:1',
      key: 'kernals',
      near: 'kernels',
      text: 'projects: [a]\nkernals: [host]\n',
    },
  ])('the unknown key $key in .$end, with its place and the nearest', async (example) => {
    const { end, at, key, near, text } = example;
    const error = await kbuildErrorOf(() => load(`kbuild.config.${end}`, text));
    expect(error.code).toBe('CONFIG_INVALID');
    expect(error.message).toContain(`kbuild.config.${end}:${at}: unknown key '${key}'`);
    expect(error.hint).toContain(`Did you mean '${near}'?`);
    expect(error.hint).not.toContain('$schema');
  });

  it('a key of the other kind of configuration', async () => {
    const error = await kbuildErrorOf(() =>
      load('kbuild.config.yaml', 'projects: [a]\nmodules: [{ name: x }]\n'),
    );
    expect(error.message).toContain("unknown key 'modules'");
  });

  it.each([
    ['a module name with a slash', 'name: x\nmodules: [{ name: a/b }]\n', 'modules.0.name'],
    ['a project name with a space', 'name: my module\n', 'name: a project name has'],
    ['a version that YAML reads as a number', 'name: x\nversion: 1.0\n', 'version: '],
    ['no modules where it lists them', 'name: x\nmodules: []\n', 'modules: '],
    [
      'a module of no sources',
      'name: x\nmodules: [{ name: y, sources: [] }]\n',
      'modules.0.sources',
    ],
    ['an unknown hash', 'name: x\nsigning: { key: k, cert: c, hash: md5 }\n', 'signing.hash'],
    ['a key without a certificate', 'name: x\nsigning: { key: k }\n', 'signing.cert'],
    ['a variable that make could not read', 'name: x\nmake: { "A B": c }\n', 'make'],
    ['a project without a name', 'license: GPL\n', 'name'],
  ])('%s', async (_, text, words) => {
    const error = await kbuildErrorOf(() => load('kbuild.config.yaml', text));
    expect(error.code).toBe('CONFIG_INVALID');
    expect(error.message).toContain(words);
    expect(error.message).toMatch(/kbuild\.config\.yaml:\d+:\d+: /);
  });

  it.each([
    ['does not parse', 'kbuild.config.ts', 'export default {{{'],
    ['throws', 'kbuild.config.mjs', 'throw new Error("no such board");'],
    [
      'imports what is not there',
      'kbuild.config.ts',
      'import x from "./none.js"; export default x;',
    ],
  ])('a program that %s', async (_, name, text) => {
    const error = await kbuildErrorOf(() => load(name, text));
    expect(error.code).toBe('CONFIG_SYNTAX');
    expect(error.message).toContain(name);
    expect(error.hint).toContain('export default defineConfig');
  });

  it.each([
    ['exports nothing', 'export const config = { name: "x" };\n'],
    ['exports a function', 'export default () => ({ name: "x" });\n'],
    ['exports what is wrong', 'export default { name: 7 };\n'],
  ])('a program that %s, and names the file', async (_, text) => {
    const error = await kbuildErrorOf(() => load('kbuild.config.mjs', text));
    expect(error.code).toBe('CONFIG_INVALID');
    expect(error.message).toContain('kbuild.config.mjs: ');
  });
});

describe('defineConfig', () => {
  it('returns what it is given', () => {
    const given = { name: 'x', archs: ['arm64'] };
    expect(defineConfig(given)).toBe(given);
  });
});

describe('configJsonSchema', () => {
  it('describes every key, for editors', () => {
    const schema = configJsonSchema() as {
      anyOf: { properties: Record<string, { description?: string }> }[];
    };
    expect(schema.anyOf).toHaveLength(2);
    for (const { properties } of schema.anyOf) {
      for (const [key, value] of Object.entries(properties)) {
        expect(value.description, key).toMatch(/^\S.*[^.\s].?$/);
      }
    }
  });
});
