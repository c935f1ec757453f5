import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { kbuildErrorOf } from '../../test/support/kbuild-error-of.js';
import { configProblem, parseConfigText } from './config-problem.js';

/** Each line names the one before ten times: together a hundred million values. */
const multiplyingAliases = Array.from({ length: 8 }, (_, i) => {
  const items = Array.from({ length: 10 }, () => (i === 0 ? 'x' : `*a${i - 1}`));
  return `a${i}: &a${i} [${items.join(', ')}]`;
}).join('\n');

describe('parseConfigText', () => {
  it('reads YAML', () => {
    const text = 'name: x # a comment\nmodules:\n  - name: y\n    sources: [a.c, "b c.c"]\n';
    expect(parseConfigText('kbuild.config.yaml', text).value).toEqual({
      name: 'x',
      modules: [{ name: 'y', sources: ['a.c', 'b c.c'] }],
    });
  });

  it('reads JSON, indented with tabs, with every escape that JSON has', () => {
    const value = { name: 'é', path: 'a/b\\c"\n\t', emoji: '🐧', list: [1, true, null, {}] };
    const text = JSON.stringify(value, null, '\t').replace('a/b', 'a\\/b').replace('é', '\\u00e9');
    expect(parseConfigText('kbuild.config.json', text).value).toEqual(value);
  });

  it('reads lines that end as on Windows, and a byte order mark', () => {
    expect(parseConfigText('c.yaml', '\ufeffname: x\r\nversion: "1"\r\n').value).toEqual({
      name: 'x',
      version: '1',
    });
  });

  it('reads anchors and aliases', () => {
    const text = 'a: &flags [-O2]\nb: *flags\n';
    expect(parseConfigText('c.yaml', text).value).toEqual({ a: ['-O2'], b: ['-O2'] });
  });

  it.each([
    ['a list that is not closed', 'name: x\nmodules: [a, b\n', 'c.yaml:3:1'],
    ['a key that stands twice', 'name: x\nversion: y\nname: z\n', 'c.yaml:3:1'],
    ['JSON with a comma too many', '{\n  "name": "x",\n  "a": [1,,2]\n}', 'c.yaml:3:11'],
    ['a second document', 'name: x\n---\nname: y\n', 'c.yaml:2:1'],
    ['a tab for an indentation', 'modules:\n\t- name: x\n', 'c.yaml:2:1'],
  ])('refuses %s, with its place', async (_, text, place) => {
    const error = await kbuildErrorOf(() => parseConfigText('c.yaml', text));
    expect(error.code).toBe('CONFIG_SYNTAX');
    expect(error.message).toContain(place);
  });

  it.each([
    ['an alias of nothing', 'name: *nothing\n'],
    ['aliases that multiply without end', multiplyingAliases],
  ])('refuses %s', async (_, text) => {
    const error = await kbuildErrorOf(() => parseConfigText('c.yaml', text));
    expect(error.code).toBe('CONFIG_SYNTAX');
    expect(error.message).toContain('c.yaml');
  });
});

describe('configProblem', () => {
  const schema = z.strictObject({
    name: z.string(),
    modules: z.array(z.strictObject({ name: z.string(), sources: z.array(z.string()) })).optional(),
  });
  const keys = ['name', 'modules'];

  /** What is said about a text. */
  function problemOf(text: string) {
    const { value, ...source } = parseConfigText('dir/c.yaml', text);
    const result = schema.safeParse(value);
    if (result.success) throw new Error('it is valid');
    return configProblem(result.error, source, () => keys);
  }

  it('points at a key that it does not know, and says which one was meant', () => {
    const error = problemOf('name: x\nmodule:\n  - y\n');
    expect(error.code).toBe('CONFIG_INVALID');
    expect(error.message).toBe("dir/c.yaml:2:1: unknown key 'module'");
    expect(error.hint).toBe("Did you mean 'modules'? Known keys here: name, modules.");
  });

  it('points at a key inside of others, and names them', () => {
    const error = problemOf('name: x\nmodules:\n  - name: y\n    sources: []\n    soruces: []\n');
    expect(error.message).toBe("dir/c.yaml:5:5: unknown key 'soruces' in modules.0");
  });

  it('guesses nothing where no key is near', () => {
    expect(problemOf('name: x\nsomethingelse: 1\n').hint).toBe('Known keys here: name, modules.');
  });

  it('points at a value of the wrong kind', () => {
    const error = problemOf('name: x\nmodules:\n  - name: y\n    sources: [a.c, 7]\n');
    expect(error.message).toMatch(/^dir\/c\.yaml:4:20: modules\.0\.sources\.1: .*string/);
    expect(error.hint).toContain('docs/configuration.md');
  });

  it('points at what a missing key is missing from', () => {
    const error = problemOf('modules:\n  - name: y\n    sources: []\n  - sources: []\n');
    expect(error.message).toMatch(/^dir\/c\.yaml:1:1: name: /);
    const inner = problemOf('name: x\nmodules:\n  - name: y\n    sources: []\n  - sources: []\n');
    expect(inner.message).toMatch(/^dir\/c\.yaml:5:5: modules\.1\.name: /);
  });

  it.each([
    ['an empty file', ''],
    ['a list', '- name: x\n'],
    ['a text', 'just a text\n'],
  ])('says what %s is not', (_, text) => {
    expect(problemOf(text).message).toMatch(/^dir\/c\.yaml.*: the configuration: .*object/);
  });
});
