import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../../test/support/temporary-directory.js';
import { packageRoot } from '../data/package-root.js';
import { errorCodes } from '../errors/codes.js';
import { parseConfigText } from '../data/config-problem.js';
import {
  dkmsSchema,
  moduleSchema,
  projectConfigSchema,
  signingSchema,
  workspaceConfigSchema,
} from './config-schema.js';
import { expectSchema, testCaseSchema, testSchema } from './test-schema.js';
import { generateMakefiles } from './generate.js';
import { loadConfig, validateConfig } from './load-config.js';

const text = readFileSync(join(packageRoot, 'docs', 'configuration.md'), 'utf8');

/** The code blocks of a language. */
const blocks = (language: string): string[] =>
  [...text.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms'))].map(
    (block) => block[1] ?? '',
  );

describe('docs/configuration.md', () => {
  it.each([
    ['project', projectConfigSchema],
    ['workspace', workspaceConfigSchema],
    ['module', moduleSchema],
    ['signing', signingSchema],
    ['DKMS source', dkmsSchema],
    ['test', testSchema],
    ['case of a test', testCaseSchema],
    ['expectation of a test', expectSchema],
  ])('names every key of a %s in a table', (_, schema) => {
    const keys = [...text.matchAll(/^\| `([^`]+)`/gm)].map((row) => row[1]);
    expect(keys).toEqual(expect.arrayContaining(Object.keys(schema.shape)));
  });

  it.each([...blocks('yaml'), ...blocks('json')])(
    'shows a configuration that is right: %j',
    (block) => {
      const { value, ...source } = parseConfigText('docs/configuration.md', block);
      expect(validateConfig(value, source)).toBeDefined();
    },
  );

  it.each(blocks('ts'))('shows a program that gives a configuration: %j', async (block) => {
    const directory = temporaryDirectory({ 'kbuild.config.ts': block });
    expect(await loadConfig(join(directory, 'kbuild.config.ts'))).toBeDefined();
  });

  it('shows the Kbuild that its first example gives', () => {
    const source = parseConfigText('docs/configuration.md', blocks('yaml')[0] ?? '');
    const config = validateConfig(source.value, source);
    if ('projects' in config) throw new Error('the first example is a workspace');
    const modules = (config.modules ?? []).map(({ name, sources = [], cflags = [] }) => ({
      name,
      sources,
      cflags,
    }));
    expect(generateMakefiles(config, modules).kbuild).toContain(blocks('make')[0]);
  });

  it('shows every key of a project but $schema in an example', () => {
    const examples = blocks('yaml').join('\n');
    for (const key of Object.keys(projectConfigSchema.shape)) {
      if (key !== '$schema') expect(examples).toMatch(new RegExp(`^${key}:`, 'm'));
    }
  });

  it('links to sections and error codes that exist', () => {
    const anchors = [...text.matchAll(/^#+ (.*)$/gm)].map((heading) =>
      heading[1]
        ?.toLowerCase()
        .replaceAll(/[^\w -]/g, '')
        .replaceAll(' ', '-'),
    );
    const codes = Object.keys(errorCodes).map((code) => code.toLowerCase());
    for (const [, file, anchor] of text.matchAll(/\]\((errors\.md)?#([^)]*)\)/g)) {
      expect(file === undefined ? anchors : codes).toContain(anchor);
    }
  });
});
