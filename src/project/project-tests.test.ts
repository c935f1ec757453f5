import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { kbuildErrorOf } from '../../test/support/kbuild-error-of.js';
import { temporaryDirectory, type FileTree } from '../../test/support/temporary-directory.js';
import { loadProjects } from './load-projects.js';
import { defaultTests } from './project-tests.js';
import { projectDigest } from './snapshot.js';

const source = 'MODULE_LICENSE("GPL");\n';
const start = 'name: drv\nmodules:\n  - { name: my_drv, sources: [drv_main.c] }\n';

function project(test: string, files: FileTree = {}) {
  const directory = temporaryDirectory({
    'drv_main.c': source,
    'kbuild.config.yaml': `${start}${test}`,
    ...files,
  });
  return {
    directory,
    load: async () => (await loadProjects(directory)).projects[0]!,
    file: join(directory, 'kbuild.config.yaml'),
  };
}

const messageOf = async (test: string) => {
  const { load, file } = project(test);
  const error = await kbuildErrorOf(load);
  expect(error.code).toBe('CONFIG_INVALID');
  return { message: error.message.replace(file, 'F'), hint: error.hint };
};

describe('the tests of a project', () => {
  it('are none where the configuration says nothing', async () => {
    expect((await project('').load()).tests).toBeUndefined();
  });

  it('have defaults', async () => {
    const { tests } = await project('test: {}\n').load();
    expect(tests).toEqual(defaultTests());
    expect(tests).toEqual({
      memoryBytes: 512 * 2 ** 20,
      cpus: 1,
      timeoutMs: 20_000,
      commandLine: [],
      cases: [
        {
          name: 'load',
          dependencies: true,
          by: 'insmod',
          parameters: {},
          expect: {},
          repeat: 1,
          isolated: false,
        },
      ],
    });
  });

  it('carry all that is said, with absolute paths and values as texts', async () => {
    const { directory, load } = project(
      `test:
  memory: 1g
  cpus: 2
  timeout: 1m
  commandLine: [module.sig_enforce=1]
  modprobe: modprobe.d
  cases:
    - name: all
      load: [my-drv]
      dependencies: false
      parameters: { my_drv: { count: 3, on: true, off: false, text: abc } }
      expect:
        refused: EINVAL
        parameters: { my_drv: { count: 3, on: true } }
        messages: ['^my_drv: ok$']
        noMessages: [error]
      script: t/check.sh
      repeat: 100
      isolated: true
    - { name: by alias, alias: 'pci:v00001234d*' }
`,
      { 't/check.sh': 'true\n', 'modprobe.d/my.conf': 'options my_drv count=1\n' },
    );
    const { tests } = await load();
    expect(JSON.parse(JSON.stringify(tests))).toEqual(tests);
    expect(tests).toMatchObject({
      memoryBytes: 2 ** 30,
      cpus: 2,
      timeoutMs: 60_000,
      commandLine: ['module.sig_enforce=1'],
      modprobe: join(directory, 'modprobe.d'),
    });
    expect(tests?.cases).toEqual([
      {
        name: 'all',
        load: ['my-drv'],
        dependencies: false,
        by: 'insmod',
        parameters: { my_drv: { count: '3', on: 'Y', off: 'N', text: 'abc' } },
        expect: {
          refused: 'EINVAL',
          parameters: { my_drv: { count: '3', on: 'Y' } },
          messages: ['^my_drv: ok$'],
          noMessages: ['error'],
        },
        script: join(directory, 't/check.sh'),
        repeat: 100,
        isolated: true,
      },
      {
        ...defaultTests().cases[0]!,
        name: 'by alias',
        by: 'modprobe',
        alias: 'pci:v00001234d*',
      },
    ]);
  });

  it.each([
    ['{ name: x, script: gone.sh }', 'gone.sh', 'there is no '],
    ["{ name: x, expect: { messages: ['('] } }", "'('", 'Unterminated group'],
    ['{ name: x, expect: { refused: EINVALID } }', 'EINVALID', '"EINVALID" is not the name of'],
    ['{ name: x, expect: { refused: blacklisted } }', 'blacklisted', "name one with 'alias'"],
    ['{ name: x, repeat: 0 }', '0', 'Too small'],
    ['{ name: x, alias: a, load: [my_drv] }', '[my_drv', "leave 'load' out"],
    ['{ name: x, paramters: {} }', 'paramters', "unknown key 'paramters'"],
    ['{ name: x, expect: { mesages: [] } }', 'mesages', "unknown key 'mesages'"],
    ['{ name: y }, { name: y, repeat: 2 }', 'y, repeat', "two cases of the name 'y'"],
  ])('are refused with a place: %s', async (line, at, message) => {
    const error = await messageOf(`test:\n  cases: [${line}]\n`);
    const column = '  cases: ['.length + line.indexOf(at) + 1;
    expect(error.message).toMatch(new RegExp(`^F:5:${column}: `));
    expect(error.message).toContain(message);
  });

  it.each([
    ['memory: much', 'F:5:11: test.memory: not a size such as 512m or 2g'],
    ['timeout: never', 'F:5:12: test.timeout: not a duration such as 20s or 2m'],
    ["commandLine: ['a b']", 'F:5:17: test.commandLine.0: a parameter of the kernel has no blanks'],
    ['memroy: 1g', "F:5:3: unknown key 'memroy' in test"],
    ['modprobe: gone.d', /^F:5:13: test.modprobe: there is no .*\/gone.d$/],
  ])('refuse %s', async (line, message) => {
    const error = await messageOf(`test:\n  ${line}\n`);
    expect(error.message).toEqual(
      typeof message === 'string' ? message : expect.stringMatching(message),
    );
  });

  it('names the key that was meant', async () => {
    const error = await messageOf('test:\n  cases: [{ name: x, repaet: 2 }]\n');
    expect(error.hint).toContain("Did you mean 'repeat'?");
  });

  it('do not change what is built, nor do their scripts; sources do', async () => {
    const tree = { 't.sh': 'true\n', 'extra.h': '' };
    const digest = async (test: string, files: FileTree = {}) =>
      projectDigest(await project(test, { ...tree, ...files }).load());
    const test = 'test: { cases: [{ name: x, script: t.sh }] }\n';
    const first = await digest(test);
    expect(await digest(test.replace('name: x', 'name: y'))).toBe(first);
    expect(await digest(test, { 't.sh': 'false\n' })).toBe(first);
    expect(await digest(test, { 'extra.h': '#define X\n' })).not.toBe(first);
    expect(await digest('version: "2"\n')).toBe(await digest(''));
  });
});
