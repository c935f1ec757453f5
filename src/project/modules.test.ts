import { describe, expect, it } from 'vitest';
import { kbuildErrorOf } from '../../test/support/kbuild-error-of.js';
import { temporaryDirectory, type FileTree } from '../../test/support/temporary-directory.js';
import type { ProjectConfig } from './config-schema.js';
import { configuredModules, inferredModules } from './modules.js';
import { listSourceFiles } from './source-files.js';

const main = '#include <linux/module.h>\n\nMODULE_LICENSE("GPL");\n';

/** The modules of a directory with these files, by this description. */
function configured(files: FileTree, config: Omit<ProjectConfig, 'name'>) {
  const directory = temporaryDirectory(files);
  const sources = listSourceFiles(directory, `${directory}/dist`);
  return configuredModules({ name: 'x', ...config }, directory, sources);
}

/** The modules of a directory with these files and nothing that describes them. */
function inferred(name: string, files: FileTree) {
  const directory = temporaryDirectory(files);
  return inferredModules(name, directory, listSourceFiles(directory, `${directory}/dist`));
}

describe('configuredModules', () => {
  const files = {
    'main.c': main,
    'lib/a.c': '',
    'lib/b.c': '',
    'lib/b.h': '',
    'lib/entry.S': '',
    'odd[1].c': '',
    'dist/out.c': '',
  };

  it('takes the files that are named, in the order in which they are', () => {
    const modules = [
      { name: 'y', sources: ['lib/b.c', './main.c', 'lib/entry.S'], cflags: ['-g'] },
    ];
    expect(configured(files, { modules })).toEqual([
      { name: 'y', sources: ['lib/b.c', 'main.c', 'lib/entry.S'], cflags: ['-g'] },
    ]);
  });

  it('resolves globs to sources, sorted, each once', () => {
    const modules = [{ name: 'y', sources: ['lib/a.c', 'lib/*', '**/*.c', './lib/*.S'] }];
    expect(configured(files, { modules })).toEqual([
      {
        name: 'y',
        sources: ['lib/a.c', 'lib/b.c', 'lib/entry.S', 'main.c', 'odd[1].c'],
        cflags: [],
      },
    ]);
  });

  it('takes a file by its name although that looks like a glob', () => {
    const [module] = configured(files, { modules: [{ name: 'y', sources: ['odd[1].c'] }] });
    expect(module?.sources).toEqual(['odd[1].c']);
  });

  it('leaves out modules that are only expected', () => {
    expect(configured(files, { modules: [{ name: 'y' }] })).toEqual([]);
  });

  it.each([
    ['a file that is not there', 'mian.c', "Did you mean 'main.c'?"],
    ['a file in another directory', 'a.c', ''],
    ['a glob that matches nothing', 'src/*.c', 'Sources are files or globs'],
    ['a glob that matches no sources', 'lib/*.h', ''],
    ['a file outside of the project', '../other.c', ''],
    ['a file in the output directory', 'dist/out.c', ''],
  ])('refuses %s', async (_, source, hint) => {
    const error = await kbuildErrorOf(() =>
      configured(files, { modules: [{ name: 'y', sources: [source] }] }),
    );
    expect(error.code).toBe('CONFIG_SOURCE_MISSING');
    expect(error.message).toContain(`no source that '${source}' names`);
    expect(error.hint).toContain(hint);
  });

  it('refuses what is there and is no source', async () => {
    const modules = [{ name: 'y', sources: ['main.c', 'lib/b.h'] }];
    const error = await kbuildErrorOf(() => configured(files, { modules }));
    expect(error.code).toMatch(/^CONFIG_SOURCE_/);
    expect(error.message).toContain('lib/b.h');
  });

  it('refuses flags for a file that is not there', async () => {
    const modules = [{ name: 'y', sources: ['main.c'] }];
    const fileFlags = { 'mian.c': ['-O1'] };
    const error = await kbuildErrorOf(() => configured(files, { modules, fileFlags }));
    expect(error.code).toBe('CONFIG_SOURCE_MISSING');
    expect(error.hint).toBe("Did you mean 'main.c'?");
  });
});

describe('inferredModules', () => {
  it('makes a module of a source, by its name', () => {
    expect(inferred('project', { 'hello.c': main, 'hello.h': '' })).toEqual([
      { name: 'hello', sources: ['hello.c'], cflags: [] },
    ]);
  });

  it('makes a module of each source, if each says that it is one', () => {
    expect(inferred('project', { 'a.c': main, 'sub/b.c': main })).toEqual([
      { name: 'a', sources: ['a.c'], cflags: [] },
      { name: 'b', sources: ['sub/b.c'], cflags: [] },
    ]);
  });

  it('makes one module of all sources, if one says that it is one, by the name of the project', () => {
    const files = { 'main.c': main, 'lib/util.c': 'int x;\n', 'lib/asm.S': '' };
    expect(inferred('project', files)).toEqual([
      { name: 'project', sources: ['lib/asm.S', 'lib/util.c', 'main.c'], cflags: [] },
    ]);
  });

  it('calls it otherwise where a source has that name', () => {
    for (const source of ['project.c', 'project.S']) {
      const [module] = inferred('project', { 'main.c': main, [source]: '' });
      expect(module?.name).toBe('project_module');
    }
  });

  it('gives a name that a module can have to what is in a directory that has none', () => {
    const [module] = inferred('driver-1.0', { 'main.c': main, 'util.c': '' });
    expect(module?.name).toMatch(/^[A-Za-z0-9_][A-Za-z0-9_-]*$/);
  });

  it('is not misled by MODULE_LICENSE in a comment or in a text', () => {
    const files = {
      'hello.c': `  MODULE_LICENSE ("GPL");\n`,
      'util.c':
        '// MODULE_LICENSE("GPL")\n/*\n * MODULE_LICENSE("GPL")\n */\nchar *x = "MODULE_LICENSE(";\n',
    };
    expect(inferred('project', files)).toMatchObject([{ name: 'project' }]);
  });

  it('refuses a directory with several modules and sources that may belong to any', async () => {
    const files = { 'a.c': main, 'b.c': main, 'util.c': '' };
    const error = await kbuildErrorOf(() => inferred('project', files));
    expect(error.code).toBe('PROJECT_AMBIGUOUS');
    expect(error.message).toContain('2 modules (a.c, b.c)');
  });

  it('refuses a directory with sources that are no modules', async () => {
    const error = await kbuildErrorOf(() => inferred('project', { 'a.c': '', 'b.c': '' }));
    expect(error.code).toBe('PROJECT_NO_MODULES');
    expect(error.message).toContain('no MODULE_LICENSE in its 2 source files');
  });

  it('refuses a directory without sources', async () => {
    const error = await kbuildErrorOf(() => inferred('project', { 'README.md': '' }));
    expect(error.code).toBe('PROJECT_NO_MODULES');
    expect(error.message).toContain('no C source');
  });
});
