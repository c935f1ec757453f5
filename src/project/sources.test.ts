import { readdirSync, renameSync, symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { archiveOf, archiveOfEntries } from '../../test/support/archive.js';
import { arOf, debMembers } from '../../test/support/deb-archive.js';
import { kbuildErrorOf } from '../../test/support/kbuild-error-of.js';
import {
  temporaryDirectory,
  writeTree,
  type FileTree,
} from '../../test/support/temporary-directory.js';
import { loadProjects } from './load-projects.js';
import type { Project } from './project.js';

const { signal } = new AbortController();
const confOf = (name: string) => `PACKAGE_NAME=${name}\nPACKAGE_VERSION=1.0\n`;
const namesOf = (projects: Iterable<Project>) => [...projects].map(({ name }) => name);

/** Loads what lies under these names in a new directory. */
async function load(files: FileTree, ...names: string[]) {
  const directory = temporaryDirectory(files);
  const archives = { cache: temporaryDirectory(), signal };
  const paths = names.length === 0 ? [directory] : names.map((name) => join(directory, name));
  return { directory, ...archives, ...(await loadProjects(paths, [], { archives })) };
}

const errorOf = (files: FileTree, ...names: string[]) => kbuildErrorOf(() => load(files, ...names));

describe('a directory that is no project itself', () => {
  const trees = { 'b-1/dkms.conf': confOf('b'), 'a-1/dkms.conf': confOf('a'), 'c/readme': '' };

  it('stands for the DKMS sources directly in it', async () => {
    const { directory, projects, requested } = await load(trees);
    expect(namesOf(projects)).toEqual(['a', 'b']);
    expect(requested.size).toBe(2);
    expect(projects.map(({ method }) => method.kind)).toEqual(['dkms', 'dkms']);
    for (const { output } of projects) expect(output).toBe(join(directory, 'dist'));
  });

  it('stands for those of an unpacked package', async () => {
    const { projects } = await load({ 'usr/src/a-1/dkms.conf': confOf('a'), 'etc/x': '' });
    expect(namesOf(projects)).toEqual(['a']);
  });

  it('may have a Makefile of another kind, and files that are none', async () => {
    const { projects } = await load({ ...trees, Makefile: 'all:\n\t$(CC) tool.c\n', 'x.md': '' });
    expect(namesOf(projects)).toEqual(['a', 'b']);
  });

  it('stands for a source that a link leads to, and not for hidden ones', async () => {
    const directory = temporaryDirectory({ 'all/x/.git/y': '', 'src/dkms.conf': confOf('a') });
    symlinkSync('../src', join(directory, 'all/a-1'));
    symlinkSync('round', join(directory, 'all/round'));
    symlinkSync('../src', join(directory, 'all/.hidden'));
    expect(namesOf((await loadProjects(join(directory, 'all'))).projects)).toEqual(['a']);
  });

  const program = 'throw new Error("it was run");';
  it.each(['ts', 'mjs'])('runs no program of a source that it found: .%s', async (end) => {
    const files = { ...trees, [`a-1/kbuild.config.${end}`]: program };
    const error = await errorOf(files);
    expect(error.code).toBe('CONFIG_INVALID');
    expect(error.message).toContain(`a-1/kbuild.config.${end} is a program`);
    expect(error.hint).toContain('a-1');
    // Nor one of what that depends on; of what is named itself, it is run.
    const chain = {
      ...trees,
      'a-1/kbuild.config.yaml': 'name: a\ndepends: [./sub]\n',
      [`a-1/sub/kbuild.config.${end}`]: program,
    };
    expect((await errorOf(chain)).message).toContain('is a program');
    expect((await errorOf(files, '.', 'a-1')).message).toContain('it was run');
    expect((await errorOf(chain, 'a-1')).message).toContain('it was run');
  });

  it('runs no program of a tree beside it (--with), unless that is named itself', async () => {
    const directory = temporaryDirectory({
      'app/dkms.conf': `${confOf('app')}BUILD_DEPENDS=lib\n`,
      'lib/dkms.conf': confOf('lib'),
      'lib/kbuild.config.mjs': program,
    });
    const [app, lib] = [join(directory, 'app'), join(directory, 'lib')];
    const dkms = { directives: [], with: [lib] };
    const error = await kbuildErrorOf(() => loadProjects(app, [], { dkms }));
    expect(error).toMatchObject({ code: 'CONFIG_INVALID' });
    expect(error.message).toContain('is a program');
    const named = await kbuildErrorOf(() => loadProjects([app, lib], [], { dkms }));
    expect(named.message).toContain('it was run');
  });

  it.each<[string, FileTree]>([
    ['a dkms.conf', { 'dkms.conf': confOf('own') }],
    ['a configuration', { 'kbuild.config.yaml': 'name: own\n', 'a.c': 'MODULE_LICENSE("GPL");' }],
    ['a Kbuild', { Kbuild: 'obj-m := a.o\n' }],
    ['a Makefile of modules', { Makefile: 'obj-m := a.o\n' }],
    ['a Makefile that calls the kernel’s', { Makefile: 'all:\n\tmake -C $(KDIR) M=$(PWD)\n' }],
    ['one of an old kind', { GNUmakefile: 'modules:\n\tmake -C src SUBDIRS=$(PWD)\n' }],
  ])('is one project where it has %s', async (_, files) => {
    const { directory, projects } = await load({ ...trees, ...files });
    expect(projects.map((project) => project.directory)).toEqual([directory]);
  });
});

describe('several paths', () => {
  const files: FileTree = {
    'one/Kbuild': 'obj-m := one.o\n',
    'two/dkms.conf': confOf('two'),
    'work/kbuild.config.yaml': 'projects: ["*"]\noutput: elsewhere\n',
    'work/three/Kbuild': 'obj-m := three.o\n',
  };

  it('come out in one place, whatever they say themselves', async () => {
    const { projects } = await load(files, 'one', 'two', 'work');
    expect(namesOf(projects)).toEqual(['one', 'two', 'three']);
    for (const { output } of projects) expect(output).toBe(resolve('dist'));
  });

  it('count a project once, however it is named', async () => {
    const directory = temporaryDirectory(files);
    symlinkSync('one', join(directory, 'same'));
    const paths = ['one', 'work', 'same', 'one', 'work/three'].map((name) => join(directory, name));
    const { projects, requested } = await loadProjects(paths);
    expect(namesOf(projects)).toEqual(['one', 'three']);
    expect(requested.size).toBe(2);
  });

  it('are all asked for, also what another one depends on', async () => {
    const app = { 'app/kbuild.config.yaml': 'name: app\ndepends: [../one]\n', 'app/Kbuild': '' };
    const { projects, requested } = await load({ ...files, ...app }, 'app', 'one');
    expect(namesOf(projects)).toEqual(['one', 'app']);
    expect(namesOf(requested).sort()).toEqual(['app', 'one']);
  });

  it('must all be there', async () => {
    const error = await errorOf(files, 'one', 'nothing');
    expect(error.code).toBe('PROJECT_NOT_FOUND');
    expect(error.message).toContain('/nothing');
  });
});

describe('an archive', () => {
  it('gives projects that say where they come from, and come out in dist', async () => {
    const deb = arOf(await debMembers([{ name: './usr/src/d-1/dkms.conf', content: confOf('d') }]));
    const tar = await archiveOf({ 't-2/Kbuild': 'obj-m := t.o\n' });
    const { directory, projects } = await load({ 'd.deb': deb, 't.tar': tar }, 'd.deb', 't.tar');
    const archive = join(directory, 'd.deb');
    expect(projects).toMatchObject([
      { name: 'd', origin: { archive, package: 'demo-dkms', version: '1.0-1' } },
      { name: 't-2', origin: { archive: join(directory, 't.tar') } },
    ]);
    for (const { output } of projects) expect(output).toBe(resolve('dist'));
  });

  it('counts once, also as a copy of another name', async () => {
    const bytes = await archiveOf({ Kbuild: 'obj-m := t.o\n' });
    const { projects } = await load({ 'a.tar': bytes, 'b.tar': bytes }, 'a.tar', 'b.tar');
    expect(namesOf(projects)).toEqual(['a']);
  });

  it('may have a driver below a Makefile of another kind, and a workspace', async () => {
    const driver = { 'drv/Makefile': 'all:\n', 'drv/module/dkms.conf': confOf('m') };
    const workspace = {
      'kbuild.config.yaml': 'projects: ["*"]\n',
      'x/Kbuild': '',
      'y/Kbuild': '',
    };
    const [a, b] = [await archiveOf(driver), await archiveOf(workspace)];
    const { projects } = await load({ 'a.tar': a, 'b.tar': b }, 'a.tar', 'b.tar');
    expect(namesOf(projects)).toEqual(['m', 'x', 'y']);
  });

  it('may be what another source needs beside it', async () => {
    const directory = temporaryDirectory({
      'app/dkms.conf': confOf('app'),
      'lib.tar': await archiveOf({ 'lib-1/dkms.conf': confOf('lib') }),
    });
    const archives = { cache: temporaryDirectory(), signal };
    const dkms = { directives: [], with: [join(directory, 'lib.tar')] };
    const { projects } = await loadProjects(join(directory, 'app'), [], { archives, dkms });
    expect(projects.at(-1)?.dkms?.with).toMatchObject([{ name: 'lib-1' }]);
    expect(projects.at(-1)?.output).toBe(join(directory, 'app/dist'));
  });

  it('is not taken where a directory will be written to', async () => {
    const directory = temporaryDirectory({ 'a.tar': await archiveOf({ Kbuild: '' }) });
    const error = await kbuildErrorOf(() => loadProjects(join(directory, 'a.tar')));
    expect(error.code).toBe('PROJECT_NOT_FOUND');
    expect(error.message).toContain('a.tar is a file');
    expect(readdirSync(directory)).toEqual(['a.tar']);
  });

  const secret = temporaryDirectory({ 'secret/Kbuild': 'obj-m := s.o\n', 'key.pem': 'secret' });
  it.each([
    ['is a program', 'kbuild.config.ts', 'throw new Error("it was run");'],
    ['is a program', 'kbuild.config.mjs', 'process.kill(process.pid);'],
    [
      'names a key',
      'kbuild.config.yaml',
      `name: x\nsigning: { key: ${secret}/key.pem, cert: c }\n`,
    ],
    ['names a key', 'kbuild.config.json', '{"name":"x","signing":{"key":"k","cert":"c"}}'],
    ['outside of the archive', 'kbuild.config.yaml', `name: x\ndepends: [${secret}/secret]\n`],
    ['outside of the archive', 'kbuild.config.yaml', 'name: x\ndepends: [../../../..]\n'],
    ['outside of the archive', 'kbuild.config.yaml', `projects: [${secret}/*]\n`],
    ['outside of the archive', 'kbuild.config.yaml', 'projects: ["{x,../../..}"]\n'],
    ['outside of the archive', 'kbuild.config.yaml', `name: x\ndkms: { overlay: ${secret} }\n`],
    ['outside of the archive', 'kbuild.config.yaml', `name: x\ndkms: { with: [${secret}] }\n`],
    [
      'outside of the archive',
      'kbuild.config.yaml',
      `projects: ["${'.{.,}/'.repeat(9)}${secret.slice(1)}/secret"]\n`,
    ],
    ['wants packages', 'kbuild.config.yaml', 'name: x\nbuildDeps: [libelf-dev, evil]\n'],
    ['names the kernel', 'kbuild.config.yaml', `name: x\nkernels: [${secret}]\n`],
    ['names the kernel', 'kbuild.config.yaml', 'name: x\nkernels: [./kdir]\n'],
    ['names the kernel', 'kbuild.config.yaml', 'name: x\nkernels: ["source:k.yaml"]\n'],
    ['names the kernel', 'kbuild.config.yaml', 'projects: [y]\nkernels: [~/linux]\n'],
  ])('may have no configuration that reaches out of it: %s (%s)', async (why, name, text) => {
    const files = { [`x/${name}`]: text, 'x/y/Kbuild': '', 'x/Makefile': 'obj-m := x.o\n' };
    const error = await errorOf({ 'a.tar': await archiveOf(files) }, 'a.tar');
    expect(error.code).toBe('SOURCE_ARCHIVE');
    expect(error.message).toContain(why);
  });

  it('may want packages that the user names too', async () => {
    const files = { 'kbuild.config.yaml': 'name: x\nbuildDeps: [a-dev, b-dev]\n', Kbuild: '' };
    const directory = temporaryDirectory({ 'a.tar': await archiveOf(files) });
    const archives = { cache: temporaryDirectory(), signal };
    const loadWith = (...buildDeps: string[]) =>
      loadProjects(join(directory, 'a.tar'), [], { archives, buildDeps });
    const error = await kbuildErrorOf(() => loadWith('a-dev'));
    expect(error.hint).toBe('If you trust them, add --build-dep b-dev');
    const { projects } = await loadWith('a-dev', 'b-dev');
    expect(projects[0]?.buildDeps).toEqual(['a-dev', 'b-dev']);
  });

  it('may have one whose dependencies lie in it; these may not reach out either', async () => {
    const files = (depends: string) => ({
      'kbuild.config.yaml': 'projects: [app]\nkernels: ["debian:bookworm"]\n',
      'app/kbuild.config.yaml': 'name: app\ndepends: [../lib]\n',
      'app/Kbuild': '',
      'lib/kbuild.config.yaml': `name: lib\n${depends}`,
      'lib/Kbuild': '',
    });
    const { projects } = await load({ 'a.tar': await archiveOf(files('')) }, 'a.tar');
    expect(namesOf(projects)).toEqual(['lib', 'app']);
    const hostile = await archiveOf(files(`depends: [${secret}/secret]\n`));
    expect((await errorOf({ 'a.tar': hostile }, 'a.tar')).code).toBe('SOURCE_ARCHIVE');
  });

  it('has links among its sources that lead to its own files alone', async () => {
    const bytes = await archiveOfEntries([
      { name: 'usr/share/licenses/GPL-2', content: 'GPL' },
      { name: 'usr/src/d-1/dkms.conf', content: confOf('d') },
      { name: 'usr/src/d-1/COPYING', type: 'symlink', linkname: '../../share/licenses/GPL-2' },
    ]);
    const { projects, cache } = await load({ 'a.tar': bytes }, 'a.tar');
    expect(projects[0]?.files.map(({ path }) => path)).toEqual(['COPYING', 'dkms.conf']);
    // What is written into an unpacked archive later is not built.
    const [entry = ''] = readdirSync(join(cache, 'sources'));
    const root = join(cache, 'sources', entry, 'root');
    renameSync(join(root, 'usr/share/licenses/GPL-2'), join(root, 'GPL'));
    writeTree(root, { 'usr/share/licenses/GPL-2': { link: join(secret, 'key.pem') } });
    const archive = projects[0]?.origin?.archive ?? '';
    const archives = { cache, signal };
    const again = await loadProjects(archive, [], { archives });
    expect(readdirSync(root)).toEqual(['usr']);
    expect(again.projects[0]?.files).toEqual(projects[0]?.files);
  });
});
