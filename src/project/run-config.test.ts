import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../../test/support/temporary-directory.js';
import { kbuildErrorOf } from '../../test/support/kbuild-error-of.js';
import { loadConfig } from './load-config.js';
import { runConfigsAnew } from './run-config.js';

const helpers = {
  'help.mjs': (name: string) => `export const name = '${name}';\n`,
  'help.ts': (name: string) => `export const name: string = '${name}';\n`,
  'help.cjs': (name: string) => `exports.name = '${name}';\n`,
  'help.json': (name: string) => JSON.stringify({ name }),
};

describe('a program that is run anew', () => {
  beforeAll(() => {
    runConfigsAnew();
  });

  const configs = ['kbuild.config.mjs', 'kbuild.config.ts'];
  it.each(configs.flatMap((config) => Object.keys(helpers).map((help) => [config, help] as const)))(
    '%s, and what it imports: %s',
    async (config, help) => {
      const program = (version: string) =>
        `import * as help from './${help}';
import { defineConfig } from 'kbuild-ts';
export default defineConfig({ name: help.name, version: '${version}' });\n`;
      const text = helpers[help as keyof typeof helpers];
      const directory = temporaryDirectory({ [config]: program('1'), [help]: text('first') });
      const file = join(directory, config);
      expect(await loadConfig(file)).toEqual({ name: 'first', version: '1' });
      writeFileSync(file, program('2'));
      writeFileSync(join(directory, help), text('second'));
      expect(await loadConfig(file)).toEqual({ name: 'second', version: '2' });
    },
  );

  it.each([
    ['does not parse', 'export default {{{'],
    ['throws', 'throw new Error("no such board");'],
    ['exits', 'process.exit(3);'],
    ['gives what is no data', 'export default { name: () => "x" };'],
  ])('and that %s says so', async (_, text) => {
    const file = join(temporaryDirectory({ 'kbuild.config.mjs': text }), 'kbuild.config.mjs');
    const error = await kbuildErrorOf(() => loadConfig(file));
    expect(error.code).toBe('CONFIG_SYNTAX');
    expect(error.message).toContain(file);
  });

  it('and that never ends by itself is ended', async () => {
    const text = 'setInterval(() => {}, 1e6); export default { name: "x" };';
    const file = join(temporaryDirectory({ 'kbuild.config.mjs': text }), 'kbuild.config.mjs');
    expect(await loadConfig(file)).toEqual({ name: 'x' });
  });
});
