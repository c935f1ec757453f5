import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { kbuildErrorOf } from '../../test/support/kbuild-error-of.js';
import {
  temporaryDirectory,
  writeTree,
  type FileTree,
} from '../../test/support/temporary-directory.js';
import { loadProjects } from './load-projects.js';
import type { Project } from './project.js';

const source = 'MODULE_LICENSE("GPL");\n';

/** The one project of a directory with these files. */
async function load(files: FileTree, sub = '.'): Promise<Project> {
  const { projects } = await loadProjects(join(temporaryDirectory(files), sub));
  expect(projects).toHaveLength(1);
  return projects[0] as Project;
}

/** The error of loading what is in a directory with these files. */
const errorOf = (files: FileTree, sub = '.') =>
  kbuildErrorOf(() => loadProjects(join(temporaryDirectory(files), sub)));

describe('a project', () => {
  it('is what its configuration says', async () => {
    const directory = temporaryDirectory({
      'kbuild.config.yaml': `name: demo
version: 1.2.0
license: GPL
modules:
  - { name: demo, sources: [main.c, util.c] }
make: { KCFLAGS: -g }
kernels: [debian:bookworm, ./kdir]
archs: [arm64]
toolchains: [gcc-12]
output: out
signing: { key: keys/k.pem, cert: /etc/c.pem, hash: sha256 }
`,
      'main.c': source,
      'util.c': '',
    });
    const { projects, requested } = await loadProjects(directory);
    expect(projects).toMatchObject([
      {
        name: 'demo',
        version: '1.2.0',
        license: 'GPL',
        directory,
        method: { kind: 'generated' },
        expected: ['demo'],
        depends: [],
        make: { KCFLAGS: '-g' },
        kernels: ['debian:bookworm', join(directory, 'kdir')],
        archs: ['arm64'],
        toolchains: ['gcc-12'],
        output: join(directory, 'out'),
        signing: { key: join(directory, 'keys/k.pem'), cert: '/etc/c.pem', hash: 'sha256' },
      },
    ]);
    expect([...requested]).toEqual(projects);
  });

  it('keeps a signing key that lies among its sources out of the build', async () => {
    const project = await load({
      'kbuild.config.yaml': 'name: s\nsigning: { key: keys/k.pem, cert: keys/k.x509 }\n',
      Kbuild: 'obj-m := s.o\n',
      's.c': source,
      'keys/k.pem': 'secret',
      'keys/k.x509': 'public',
    });
    const paths = project.files.map(({ path }) => path);
    expect(paths).toContain('keys/k.x509');
    expect(paths).not.toContain('keys/k.pem');
  });

  it('keeps it out of the trees beside it, and of its overlay', async () => {
    const directory = temporaryDirectory({
      'x/kbuild.config.yaml':
        'name: s\nsigning: { key: ../y/k.conf, cert: ../y/c.pem }\ndkms: { with: [../y], overlay: ../y }\n',
      'x/dkms.conf': 'PACKAGE_NAME=s\n',
      'y/k.conf': 'secret',
      'y/c.pem': 'public',
      'y/s.conf': '',
      'y/link.conf': { link: 'k.conf' },
    });
    const { projects } = await loadProjects(join(directory, 'x'));
    const { with: [tree] = [], overlay } = projects[0]?.dkms ?? {};
    expect(tree?.files.map(({ path }) => path)).toEqual(['c.pem', 's.conf']);
    expect(overlay?.files.map(({ path }) => path)).toEqual(['s.conf']);
  });

  it("takes a vendor's dist for sources, where a DKMS source has one and it is not written to", async () => {
    const directory = temporaryDirectory({
      'dkms.conf': 'PACKAGE_NAME=s\n',
      'dist/x.c': '',
    });
    const paths = async (output?: string) => {
      const options = output === undefined ? {} : { output };
      const { projects } = await loadProjects(directory, [], options);
      return projects[0]?.files.map(({ path }) => path);
    };
    expect(await paths('/elsewhere')).toEqual(['dist/x.c', 'dkms.conf']);
    expect(await paths()).toEqual(['dkms.conf']);
    writeTree(directory, { 'dist/.kbuild-ts.json': '{}' });
    expect(await paths('/elsewhere')).toEqual(['dkms.conf']);
  });

  it.each(['includes: [include]', 'ccflags: [-g]', 'fileFlags: { s.c: [-g] }'])(
    'refuses what a Kbuild of its own would not heed: %s',
    async (line) => {
      const error = await errorOf({
        'kbuild.config.yaml': `name: s\n${line}\n`,
        Kbuild: 'obj-m := s.o\n',
        's.c': source,
      });
      expect(error.code).toBe('CONFIG_MODULE_CONFLICT');
      expect(error.message).toContain(line.split(':')[0]);
    },
  );

  it('has its defaults without a configuration', async () => {
    const project = await load({ 'hello/hello.c': source }, 'hello');
    expect(project).toMatchObject({
      name: 'hello',
      method: { kind: 'generated' },
      expected: ['hello'],
      depends: [],
      make: {},
      kernels: [],
      archs: [],
      toolchains: [],
      output: join(project.directory, 'dist'),
    });
    expect(project).not.toHaveProperty('signing');
    expect(project).not.toHaveProperty('version');
  });

  it.each([
    ['hello', 'hello'],
    ['my driver (v2)', 'my_driver_v2_'],
    ['größe', 'gro_e'],
    ['模块', 'module'],
    ['_private', 'module_private'],
    ['rtl8812au-5.6', 'rtl8812au-5.6'],
  ])('without a name in the directory %j is called %j', async (directory, name) => {
    const project = await load({ [`${directory}/x.c`]: source }, directory);
    if (directory !== 'größe') expect(project.name).toBe(name);
    expect(project.name).toMatch(/^[A-Za-z0-9][A-Za-z0-9._+-]*$/);
  });

  it('is built by its own Kbuild file', async () => {
    const project = await load({ Kbuild: 'obj-m := a.o\n', Makefile: 'all:\n', 'a.c': source });
    expect(project).toMatchObject({ method: { kind: 'kbuild' }, expected: [] });
  });

  it.each([
    ['obj-m := hello.o\n', 'kbuild'],
    [
      'ifneq ($(KERNELRELEASE),)\n\tobj-m += hello.o\nelse\nall:\n\tmake -C $(KDIR)\nendif\n',
      'kbuild',
    ],
    ['obj-$(CONFIG_HELLO) += hello.o\n', 'kbuild'],
    ['obj-${CONFIG_HELLO} += hello.o\n', 'kbuild'],
    ['include $(src)/Kbuild.common\n', 'kbuild'],
    ['all:\n\t$(MAKE) -C src KDIR=$(KERNELDIR)\n', 'make'],
    ['# obj-m is elsewhere\nSUBDIRS = src\n', 'make'],
  ])('with the Makefile %j is built by %s', async (Makefile, kind) => {
    const project = await load({ Makefile, 'hello.c': source });
    expect(project.method).toEqual({ kind });
  });

  it('is built by a Makefile of any of the names that make knows', async () => {
    for (const name of ['GNUmakefile', 'makefile', 'Makefile']) {
      expect((await load({ [name]: 'all:\n' })).method).toEqual({ kind: 'make' });
    }
  });

  it('expects of its own Makefile the modules that its configuration names', async () => {
    const project = await load({
      'kbuild.config.yaml': 'name: x\nmodules: [{ name: a }, { name: b }]\n',
      Makefile: 'obj-m := a.o b.o\n',
    });
    expect(project).toMatchObject({ method: { kind: 'kbuild' }, expected: ['a', 'b'] });
  });

  it('may have files that were generated before: the description counts', async () => {
    const mark = '# Generated by kbuild-ts for x: once\n';
    const project = await load({
      'kbuild.config.yaml': 'name: x\nmodules: [{ name: a, sources: [b.c] }]\n',
      Kbuild: `${mark}obj-m += old.o\n`,
      Makefile: `${mark}all:\n`,
      'b.c': source,
    });
    expect(project.expected).toEqual(['a']);
    expect(project.method).toMatchObject({ kind: 'generated' });
  });

  it('is not written to when it is loaded', async () => {
    const directory = temporaryDirectory({ 'hello.c': source });
    await loadProjects(directory);
    expect(readdirSync(directory)).toEqual(['hello.c']);
  });

  it('can be written as JSON and read again', async () => {
    const project = await load({ 'hello.c': source });
    expect(JSON.parse(JSON.stringify(project))).toEqual(project);
  });
});

describe('loadProjects refuses', () => {
  it('a directory that does not exist, and a path below a file', async () => {
    for (const sub of ['nothing', 'file', 'file/below']) {
      const error = await errorOf({ file: '' }, sub);
      expect(error.code).toBe('PROJECT_NOT_FOUND');
      expect(error.message).toContain(sub);
    }
  });

  it('a directory without anything to build', async () => {
    expect((await errorOf({ 'README.md': '' })).code).toBe('PROJECT_NO_MODULES');
  });

  it('sources for modules beside a Makefile that says what is built', async () => {
    const error = await errorOf({
      'kbuild.config.yaml': 'name: x\nmodules: [{ name: a, sources: [a.c] }]\n',
      Makefile: 'obj-m := a.o\n',
      'a.c': source,
    });
    expect(error.code).toBe('CONFIG_MODULE_CONFLICT');
    expect(error.message).toContain('has a Makefile of its own');
  });

  it('a module of no sources without a Makefile that would know them', async () => {
    const error = await errorOf({
      'kbuild.config.yaml': 'name: x\nmodules: [{ name: a }, { name: b, sources: [b.c] }]\n',
      'b.c': source,
    });
    expect(error.code).toBe('CONFIG_SOURCE_MISSING');
    expect(error.hint).toContain('sources: [a.c]');
  });

  it('two modules of one name, also where both were only found', async () => {
    const configured = await errorOf({
      'kbuild.config.yaml':
        'name: x\nmodules: [{ name: a, sources: [b.c] }, { name: a, sources: [c.c] }]\n',
      'b.c': source,
      'c.c': source,
    });
    expect(configured.code).toBe('CONFIG_MODULE_CONFLICT');
    const found = await errorOf({ 'one/a.c': source, 'two/a.c': source });
    expect(found.code).toBe('CONFIG_MODULE_CONFLICT');
  });
});

describe('flags of single files', () => {
  it.each([
    ['its path is written', './b.c', '\nCFLAGS_b.o += -O1\n'],
    ['they are matched by a glob', '*.c', '\nCFLAGS_b.o += -O1\nCFLAGS_c.o += -O1\n'],
  ])('are for the objects that Kbuild makes of them, however %s', async (_, key, lines) => {
    const project = await load({
      'kbuild.config.yaml': `name: x
fileFlags: { "${key}": [-O1] }
modules: [{ name: a, sources: [./b.c, c.c] }]
`,
      'b.c': source,
      'c.c': '',
    });
    const kbuild = project.method.kind === 'generated' ? project.method.kbuild : '';
    expect(kbuild).toContain(lines);
  });
});

describe('projects that depend on others', () => {
  const project = (name: string, ...depends: string[]): FileTree => ({
    [`${name}/kbuild.config.yaml`]: `name: ${name}\ndepends: [${depends.map((d) => `../${d}`).join(', ')}]\n`,
    [`${name}/${name}.c`]: source,
  });
  const names = (projects: Iterable<Project>) => [...projects].map(({ name }) => name);

  it('come after those, each once, and only what was asked for is requested', async () => {
    const directory = temporaryDirectory({
      ...project('app', 'left', 'right'),
      ...project('left', 'base'),
      ...project('right', 'base'),
      ...project('base'),
      ...project('unrelated'),
    });
    const { projects, requested } = await loadProjects(join(directory, 'app'));
    expect(names(projects)).toEqual(['base', 'left', 'right', 'app']);
    expect(names(requested)).toEqual(['app']);
    expect(projects.at(-1)?.depends).toEqual([join(directory, 'left'), join(directory, 'right')]);
  });

  it('give their modules to the output of what needs them', async () => {
    const directory = temporaryDirectory({ ...project('app', 'base'), ...project('base') });
    const { projects } = await loadProjects(join(directory, 'app'));
    for (const { output } of projects) expect(output).toBe(join(directory, 'app/dist'));
  });

  it.each([
    [['a'], ['a', 'a']],
    [
      ['b', 'a'],
      ['a', 'b', 'a'],
    ],
    [
      ['b', 'c', 'b'],
      ['b', 'c', 'b'],
    ],
  ])('may not go round: a → %j', async (chain, circle) => {
    const files = Object.assign(
      {},
      ...['a', ...chain].slice(0, -1).map((name, i) => project(name, chain[i] ?? '')),
    ) as FileTree;
    const directory = temporaryDirectory(files);
    const error = await kbuildErrorOf(() => loadProjects(join(directory, 'a')));
    expect(error.code).toBe('CONFIG_DEPENDENCY_CYCLE');
    const shown = error.message.split(': ').at(-1) ?? '';
    expect(shown.split(' → ').map((path) => basename(path))).toEqual(circle);
  });

  it('say so where one is not there', async () => {
    const directory = temporaryDirectory(project('app', 'nothing'));
    const error = await kbuildErrorOf(() => loadProjects(join(directory, 'app')));
    expect(error.code).toBe('PROJECT_NOT_FOUND');
    expect(error.message).toContain(join(directory, 'nothing'));
  });

  it('leave out what a build of a dependency on its own left in its own output', async () => {
    const directory = temporaryDirectory({
      ...project('app', 'base'),
      ...project('base'),
      'base/dist/manifest.json': '{}',
      'base/dist/logs/base.log': 'CC base.o',
    });
    const { projects } = await loadProjects(join(directory, 'app'));
    expect(projects[0]?.files.map(({ path }) => path)).toEqual(['base.c', 'kbuild.config.yaml']);
  });
});

describe('a workspace', () => {
  const workspace = (text: string, more: FileTree = {}): FileTree => ({
    'kbuild.config.yaml': text,
    'hello/hello.c': source,
    'world/Kbuild': 'obj-m := world.o\n',
    'docs/index.md': '',
    'dist/old.c': source,
    ...more,
  });
  const load = async (files: FileTree) => {
    const directory = temporaryDirectory(files);
    return { directory, ...(await loadProjects(directory)) };
  };
  const namesOf = async (files: FileTree) => (await load(files)).projects.map(({ name }) => name);

  it('holds the projects that its globs and names match, without its output', async () => {
    expect(await namesOf(workspace('projects: ["*"]\n'))).toEqual(['hello', 'world']);
    expect(await namesOf(workspace('projects: [world, ./hello]\n'))).toEqual(['hello', 'world']);
    expect(await namesOf(workspace('projects: ["{hello,world}", hello, hello/]\n'))).toEqual([
      'hello',
      'world',
    ]);
  });

  it('holds projects of every kind', async () => {
    const files = workspace('projects: ["*"]\n', {
      'gnu/GNUmakefile': 'all:\n',
      'small/makefile': 'all:\n',
      'described/kbuild.config.json':
        '{"name":"described","modules":[{"name":"d","sources":["src/d.c"]}]}',
      'described/src/d.c': source,
    });
    expect(await namesOf(files)).toEqual(['described', 'gnu', 'hello', 'small', 'world']);
  });

  it('gives its projects what they do not say themselves', async () => {
    const { directory, projects, requested } = await load(
      workspace('projects: ["*"]\nkernels: [host]\narchs: [arm64]\noutput: dist\n', {
        'world/kbuild.config.yaml': 'name: world\nkernels: [debian:trixie]\noutput: own\n',
      }),
    );
    const common = { output: join(directory, 'dist'), archs: ['arm64'] };
    expect(projects).toMatchObject([
      { name: 'hello', kernels: ['host'], ...common },
      { name: 'world', kernels: ['debian:trixie'], ...common },
    ]);
    expect(requested.size).toBe(2);
  });

  it('builds its projects in the order in which they depend on each other', async () => {
    const names = await namesOf(
      workspace('projects: ["*"]\n', {
        'hello/kbuild.config.yaml': 'name: hello\ndepends: [../world]\n',
      }),
    );
    expect(names).toEqual(['world', 'hello']);
  });

  it('leaves out what a build of one project on its own left', async () => {
    const { projects } = await load(
      workspace('projects: ["*"]\n', { 'hello/dist/manifest.json': '{}', 'hello/dist/x.log': '' }),
    );
    expect(projects[0]?.files.map(({ path }) => path)).toEqual(['hello.c']);
  });

  it('may not hold a workspace', async () => {
    const error = await errorOf(
      workspace('projects: ["*"]\n', { 'world/kbuild.config.yaml': 'projects: [x]\n' }),
    );
    expect(error.code).toBe('CONFIG_INVALID');
    expect(error.message).toContain('world/kbuild.config.yaml');
  });

  it('may not be without projects', async () => {
    const error = await errorOf(workspace('projects: [docs, "x*"]\n'));
    expect(error.code).toBe('PROJECT_NO_MODULES');
    expect(error.message).toContain('(docs, x*)');
  });

  it('may not name a project that is not there, though others are', async () => {
    const error = await errorOf(workspace('projects: [hello, wrold]\n'));
    expect(error.message).toContain('wrold');
  });
});
