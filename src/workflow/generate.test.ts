import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { kbuildErrorOf } from '../../test/support/kbuild-error-of.js';
import { readKbuild } from '../../test/support/make.js';
import { moduleSource } from '../../test/support/project.js';
import { temporaryDirectory } from '../../test/support/temporary-directory.js';
import { generateMakefile } from './generate.js';

const described = {
  'kbuild.config.yaml': 'name: blink\nmodules: [{ name: blink, sources: [a.c, b.c] }]\n',
  'a.c': moduleSource(),
  'b.c': '/* b */\n',
};

describe('generateMakefile', () => {
  it('writes a Kbuild and a Makefile into the project, and gives what it wrote', async () => {
    const directory = temporaryDirectory(described);
    const files = await generateMakefile(directory, { dryRun: false });
    expect(files.map(({ path }) => path)).toEqual([
      join(directory, 'Kbuild'),
      join(directory, 'Makefile'),
    ]);
    for (const { path, text } of files) expect(readFileSync(path, 'utf8')).toBe(text);
    expect(readKbuild(files[0]!.text)).toMatchObject({
      modules: ['blink.o'],
      objects: { blink: ['a.o', 'b.o'] },
    });
  });

  it('writes nothing if it is only to show', async () => {
    const directory = temporaryDirectory(described);
    const files = await generateMakefile(directory, { dryRun: true });
    expect(files).toHaveLength(2);
    expect(readdirSync(directory).sort()).toEqual(Object.keys(described).sort());
  });

  it('writes over its own files, and gives the same again', async () => {
    const directory = temporaryDirectory(described);
    const first = await generateMakefile(directory, { dryRun: false });
    expect(await generateMakefile(directory, { dryRun: false })).toEqual(first);
  });

  it('needs no configuration where the module can be found', async () => {
    const directory = temporaryDirectory({ 'blink.c': moduleSource() });
    const [kbuild] = await generateMakefile(directory, { dryRun: true });
    expect(readKbuild(kbuild!.text).modules).toEqual(['blink.o']);
  });

  it('writes for every project of a workspace, and not for those that have their own', async () => {
    const directory = temporaryDirectory({
      'kbuild.config.yaml': 'projects: [one, two, own]\n',
      'one/one.c': moduleSource(),
      'two/two.c': moduleSource(),
      'own/Kbuild': 'obj-m := own.o\n',
      'own/own.c': moduleSource(),
    });
    const files = await generateMakefile(directory, { dryRun: false });
    const names = files.map(({ path }) => path.slice(directory.length + 1));
    expect(names).toEqual(['one/Kbuild', 'one/Makefile', 'two/Kbuild', 'two/Makefile']);
    expect(readFileSync(join(directory, 'own/Kbuild'), 'utf8')).toBe('obj-m := own.o\n');
  });

  it('writes those of what a project depends on too: its Makefile makes them', async () => {
    const directory = temporaryDirectory({
      'base/base.c': moduleSource(),
      'top/kbuild.config.yaml': 'name: top\ndepends: [../base]\n',
      'top/top.c': moduleSource(),
    });
    await generateMakefile(join(directory, 'top'), { dryRun: false });
    expect(readdirSync(join(directory, 'base')).sort()).toEqual(['Kbuild', 'Makefile', 'base.c']);
  });

  it('refuses a project that has a Kbuild or a Makefile of its own', async () => {
    for (const name of ['Kbuild', 'Makefile']) {
      const directory = temporaryDirectory({ [name]: 'obj-m := a.o\n', 'a.c': moduleSource() });
      const error = await kbuildErrorOf(() => generateMakefile(directory, { dryRun: false }));
      expect(error.code).toBe('PROJECT_FILE_EXISTS');
      expect(readFileSync(join(directory, name), 'utf8')).toBe('obj-m := a.o\n');
    }
  });

  it('writes no file where the description is wrong', async () => {
    const directory = temporaryDirectory(described);
    const config = join(directory, 'kbuild.config.yaml');
    writeFileSync(config, 'name: x\nmodules: [{ name: x, sources: [gone.c] }]\n');
    const error = await kbuildErrorOf(() => generateMakefile(directory, { dryRun: false }));
    expect(error.code).toBe('CONFIG_SOURCE_MISSING');
    expect(readdirSync(directory).sort()).toEqual(Object.keys(described).sort());
  });
});
