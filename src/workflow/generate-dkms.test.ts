import { generateKeyPairSync } from 'node:crypto';
import { existsSync, lstatSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { kbuildErrorOf } from '../../test/support/kbuild-error-of.js';
import { moduleSource } from '../../test/support/project.js';
import {
  temporaryDirectory,
  writeTree,
  type FileTree,
} from '../../test/support/temporary-directory.js';
import { generateDkms } from './generate-dkms.js';

const config = (extra = '') => `name: demo\nversion: '1.0'\n${extra}`;

async function generate(files: FileTree, version?: string) {
  const directory = temporaryDirectory(files);
  const [tree] = await generateDkms({ directory, version });
  const read = (path: string) => readFileSync(join(tree!.directory, path), 'utf8');
  return { directory, tree: tree!, conf: read('dkms.conf'), read };
}

describe('generateDkms', () => {
  it('writes a described project with its Kbuild and Makefile, and without its configuration', async () => {
    const { directory, tree, conf, read } = await generate({
      'kbuild.config.yaml': config('modules: [{name: demo, sources: [main.c]}]\narchs: [arm64]\n'),
      'main.c': moduleSource(),
      '.gitignore': '*.o\n',
      'tools/run': { program: '#!/bin/sh\n' },
    });
    expect(tree.directory).toBe(join(directory, 'dist/dkms/demo-1.0'));
    expect(tree.files).toEqual(['Kbuild', 'Makefile', 'dkms.conf', 'main.c', 'tools/run']);
    expect(conf).toContain('BUILD_EXCLUSIVE_ARCH="^(aarch64)$"');
    expect(read('Kbuild')).toContain('obj-m += demo.o');
  });

  it('reads the modules of a Kbuild, gives it a Makefile, and says where they come out', async () => {
    const { tree, conf } = await generate(
      { Kbuild: 'obj-m := usb/\n', 'usb/Kbuild': 'obj-m := tap.o\n', 'usb/tap.c': moduleSource() },
      '2.0',
    );
    expect(tree.files).toContain('Makefile');
    expect(conf).toContain('BUILT_MODULE_NAME[0]="tap"\nBUILT_MODULE_LOCATION[0]="usb/"');
  });

  it('takes the names of modules from the configuration where only make knows them', async () => {
    const files = { Kbuild: 'obj-$(CONFIG_X) := a.o\n', 'a.c': moduleSource() };
    const error = await kbuildErrorOf(() => generate(files, '1'));
    expect(error.code).toBe('DKMS_PACK_MODULES');
    expect(error.message).toContain('obj-$(CONFIG_X)');
    const named = { ...files, 'kbuild.config.yaml': config('modules: [{name: a}]\n') };
    expect((await generate(named)).conf).toContain('BUILT_MODULE_NAME[0]="a"');
  });

  it('gives the variables of the configuration to make, and its own Makefile the KDIR', async () => {
    const { conf } = await generate({
      'kbuild.config.yaml': config('modules: [{name: a}]\nmake: {FEATURE: "1 2", MO: out}\n'),
      Makefile: 'all:\n\t$(MAKE) -C $(KDIR) M=$(CURDIR)/src\n',
      'src/Kbuild': 'obj-m := a.o\n',
      'src/a.c': moduleSource(),
    });
    expect(conf).toMatch(/^MAKE\[0\]="make KDIR=\$\{kernel_source_dir\} .* FEATURE='1 2'"$/m);
    expect(conf).not.toContain('MO=');
    expect(conf).toContain('BUILT_MODULE_LOCATION[0]="src/"');
  });

  it('has the patches and limits of dkms.package', async () => {
    const { tree, conf } = await generate({
      'kbuild.config.yaml': config(`modules: [{name: a, sources: [a.c]}]
dkms:
  package:
    location: /kernel/drivers/misc
    patches: [fixes/one.patch, {file: fixes/two.patch, match: '^6\\.1'}]
    buildExclusive: {kernelMin: '5.10', config: [CONFIG_USB]}
`),
      'a.c': moduleSource(),
      'fixes/one.patch': 'one\n',
      'fixes/two.patch': 'two\n',
    });
    expect(tree.files).toContain('patches/two.patch');
    expect(conf).toContain('PATCH[1]="two.patch"\nPATCH_MATCH[1]="^6\\.1"');
    expect(conf).toContain('BUILD_EXCLUSIVE_KERNEL_MIN="5.10"');
    expect(conf).toContain('DEST_MODULE_LOCATION[0]="/kernel/drivers/misc"');
  });

  it('copies a tree that has a dkms.conf as it is', async () => {
    const text = 'PACKAGE_NAME=own\nPACKAGE_VERSION=3\nDEST_MODULE_LOCATION[0]=/extra\n';
    const { tree, conf } = await generate({ 'dkms.conf': text, Kbuild: 'obj-m := own.o\n' });
    expect(tree).toMatchObject({ name: 'own', version: '3', files: ['Kbuild', 'dkms.conf'] });
    expect(conf).toBe(text);
    const files = { 'dkms.conf': text, Kbuild: 'obj-m := own.o\n' };
    const { code } = await kbuildErrorOf(() => generate(files, '4'));
    expect(code).toBe('DKMS_PACK_VERSION');
  });

  it('lays a project beside those that it depends on, and builds these for their symbols alone', async () => {
    const root = temporaryDirectory({
      'a/kbuild.config.yaml': 'name: a\nmodules: [{name: a, sources: [a.c]}]\n',
      'a/a.c': moduleSource(),
      'b/kbuild.config.yaml': `name: b\nversion: '1'\ndepends: [../a]\nmodules: [{name: b, sources: [b.c]}]\nmake: {X: '$y z'}\n`,
      'b/b.c': moduleSource(),
    });
    const [tree] = await generateDkms({ directory: join(root, 'b') });
    const make = readFileSync(join(tree!.directory, 'Makefile'), 'utf8');
    expect(tree!.files).toContain('a/Kbuild');
    expect(make).toContain(
      "M=$(CURDIR)/b KBUILD_EXTRA_SYMBOLS='$(CURDIR)/a/Module.symvers' X='$$y z' modules",
    );
    const conf = readFileSync(join(tree!.directory, 'dkms.conf'), 'utf8');
    expect(conf).toContain('BUILD_DEPENDS[0]="a"');
    expect(conf).toContain('BUILT_MODULE_LOCATION[0]="b/"');
    expect(conf).not.toContain('BUILT_MODULE_NAME[1]');
  });

  it('needs a version', async () => {
    const error = await kbuildErrorOf(() => generate({ Kbuild: 'obj-m := a.o\n' }));
    expect(error.code).toBe('DKMS_PACK_VERSION');
    expect(error.hint).toContain('--package-version');
  });

  describe('where something lies already', () => {
    const project = () =>
      temporaryDirectory({ Kbuild: 'obj-m := a.o\n', 'sub/old.h': '', link: { link: 'sub' } });
    const own = ['.kbuild-ts-tree', 'Kbuild', 'Makefile', 'dkms.conf', 'link'];

    it('replaces the tree that it wrote as a whole, also through a link', async () => {
      const directory = project();
      const output = join(temporaryDirectory(), 'tree');
      await generateDkms({ directory, output, version: '1' });
      expect(readdirSync(output).sort()).toEqual([...own, 'sub']);
      rmSync(join(directory, 'sub'), { recursive: true });
      const link = join(temporaryDirectory({ link: { link: output } }), 'link');
      const [tree] = await generateDkms({ directory, output: link, version: '2' });
      expect(readdirSync(output).sort()).toEqual(own);
      expect(tree).toMatchObject({ directory: output, version: '2' });
      expect(tree!.files).not.toContain('.kbuild-ts-tree');
      expect(readdirSync(join(output, '..'))).toEqual(['tree']);
    });

    it('takes an empty directory', async () => {
      const output = temporaryDirectory();
      await generateDkms({ directory: project(), output, version: '1' });
      expect(existsSync(join(output, 'dkms.conf'))).toBe(true);
    });

    it.each([
      ['a file that somebody added', { stale: '' }, 'stale'],
      ['a repository', { '.git/HEAD': '' }, '.git'],
      ['a file that was changed since', { 'dkms.conf': 'PACKAGE_NAME=mine' }, 'dkms.conf'],
      ['a file in one of its directories', { 'sub/new.h': '' }, 'sub/new.h'],
      ['a list of its files that says nothing', { '.kbuild-ts-tree': '[1]' }, '.kbuild-ts-tree'],
    ])('leaves all as it is for %s', async (_, files, what) => {
      const directory = project();
      const output = join(directory, 'out');
      await generateDkms({ directory, output, version: '1' });
      writeTree(output, files);
      const before = readdirSync(output, { recursive: true });
      const { code, message } = await kbuildErrorOf(() =>
        generateDkms({ directory, output, version: '2' }),
      );
      expect(code).toBe('PROJECT_FILE_EXISTS');
      if (what === '.kbuild-ts-tree') expect(message).toContain('and holds');
      else expect(message).toContain(`and holds ${what}, which`);
      expect(readdirSync(output, { recursive: true })).toEqual(before);
    });

    it.each([
      [
        'a repository with a dkms.conf of the same name',
        { '.git/HEAD': '', 'dkms.conf': 'PACKAGE_NAME=a\n' },
      ],
      ['a directory of anything', { precious: 'x' }],
    ])('does not take %s', async (_, files) => {
      const output = temporaryDirectory(files);
      const { code } = await kbuildErrorOf(() =>
        generateDkms({ directory: project(), output, version: '1' }),
      );
      expect(code).toBe('PROJECT_FILE_EXISTS');
      expect(readdirSync(output).sort()).toEqual(Object.keys(files).map((f) => f.split('/')[0]));
    });

    it('does not take its sources, a file, or a link that leads nowhere', async () => {
      const directory = project();
      const place = temporaryDirectory({
        file: '',
        gone: { link: 'nowhere' },
        it: { link: directory },
      });
      for (const output of [
        directory,
        join(place, 'it'),
        join(place, 'file'),
        join(place, 'gone'),
      ]) {
        const { code } = await kbuildErrorOf(() =>
          generateDkms({ directory, output, version: '1' }),
        );
        expect(code).toBe('PROJECT_FILE_EXISTS');
      }
      expect(readdirSync(place).sort()).toEqual(['file', 'gone', 'it']);
      expect(existsSync(join(directory, 'Kbuild'))).toBe(true);
    });
  });

  describe('of links and files where it generates its own', () => {
    it.each(['dkms.conf', 'Kbuild', 'Makefile'])('writes %s and not through it', async (name) => {
      const { tree, read } = await generate({
        'kbuild.config.yaml': config('modules: [{name: demo, sources: [main.c]}]\n'),
        'main.c': moduleSource(),
        [name]: { link: 'nowhere' },
      });
      expect(read(name)).toContain('kbuild-ts');
      expect(lstatSync(join(tree.directory, name)).isFile()).toBe(true);
      expect(existsSync(join(tree.directory, 'nowhere'))).toBe(false);
    });

    it('makes its own directory of patches where the project has a link', async () => {
      const { tree } = await generate({
        'kbuild.config.yaml': config(
          'modules: [{name: a, sources: [a.c]}]\ndkms: {package: {patches: [fixes/one.patch]}}\n',
        ),
        'a.c': moduleSource(),
        patches: { link: 'fixes' },
        'fixes/one.patch': 'one\n',
      });
      expect(lstatSync(join(tree.directory, 'patches')).isDirectory()).toBe(true);
      expect(tree.files).toContain('patches/one.patch');
    });

    it('lays a dependency over the directory that it lies in', async () => {
      const root = temporaryDirectory({
        'b/kbuild.config.yaml': `name: b\nversion: '1'\ndepends: [./a]\nmodules: [{name: b, sources: [b.c]}]\n`,
        'b/b.c': moduleSource(),
        'b/a/kbuild.config.yaml': 'name: a\nmodules: [{name: a, sources: [a.c]}]\n',
        'b/a/a.c': moduleSource(),
        'b/a/Kbuild': { link: 'nowhere' },
      });
      const [tree] = await generateDkms({ directory: join(root, 'b') });
      const kbuild = readFileSync(join(tree!.directory, 'b/a/Kbuild'), 'utf8');
      expect(kbuild).toContain('obj-m += a.o');
      expect(tree!.files).not.toContain('b/a/kbuild.config.yaml');
    });
  });

  describe('refuses to publish', () => {
    const refused = async (files: FileTree) => {
      const directory = temporaryDirectory({ Kbuild: 'obj-m := a.o\n', ...files });
      const error = await kbuildErrorOf(() => generateDkms({ directory, version: '1.0' }));
      expect(error.code).toBe('DKMS_PACK_CONTENT');
      expect(existsSync(join(directory, 'dist'))).toBe(false);
      return error.message;
    };
    const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
    const pem = pair.export({ type: 'pkcs8', format: 'pem' });
    const der = pair.export({ type: 'sec1', format: 'der' });
    const locked = pair.export({
      ...({ type: 'pkcs8', format: 'pem' } as const),
      ...{ cipher: 'aes-256-cbc', passphrase: 'x' },
    });
    const outside = temporaryDirectory({ 'all.patch': 'secret', 'd/f': 'secret' });

    it.each([
      ['a private key', { 'keys/k.pem': pem }, 'keys/k.pem'],
      ['one that is encrypted', { 'k.pem': locked }, 'k.pem'],
      ['one without any armour', { 'k.der': der }, 'k.der'],
      ['one in a patch', { 'patches/x.patch': `+${String(pem)}` }, 'patches/x.patch'],
      ['what a link leads to elsewhere', { l: { link: join(outside, 'all.patch') } }, 'all.patch'],
      ['a directory that a link leads to elsewhere', { l: { link: join(outside, 'd') } }, 'd/f'],
    ])('%s', async (_, files, what) => {
      expect(await refused(files as FileTree)).toContain(what);
    });

    it('what a link leads to in its own version control', async () => {
      const directory = temporaryDirectory({ Kbuild: 'obj-m := a.o\n', '.git/config': 'token' });
      writeTree(directory, { l: { link: join(directory, '.git/config') } });
      const { code } = await kbuildErrorOf(() => generateDkms({ directory, version: '1.0' }));
      expect(code).toBe('DKMS_PACK_CONTENT');
    });

    it.each([
      ['outside', join(outside, 'all.patch')],
      ['that a link leads to', 'link.patch'],
      ['of its version control', '.git/config'],
    ])('a patch %s', async (_, patch) => {
      const message = await refused({
        'kbuild.config.yaml': config(
          `modules: [{name: a}]\ndkms: {package: {patches: [${patch}]}}\n`,
        ),
        'link.patch': { link: join(outside, 'all.patch') },
        '.git/config': 'token',
      });
      expect(message).toContain(patch);
    });

    it('the key that the project signs with: it is left out', async () => {
      const { tree } = await generate({
        'kbuild.config.yaml': config(
          'modules: [{name: a, sources: [a.c]}]\nsigning: {key: keys/k.pem, cert: keys/k.crt}\n',
        ),
        'a.c': moduleSource(),
        'keys/k.pem': pem,
        'keys/k.crt': 'public',
      });
      expect(tree.files).toEqual(['Kbuild', 'Makefile', 'a.c', 'dkms.conf', 'keys/k.crt']);
    });

    it('nothing of links that stay, nor of what only speaks of keys', async () => {
      const { read } = await generate(
        {
          Kbuild: 'obj-m := a.o\n',
          'a.c': `${moduleSource()}// PRIVATE KEY-----\n`,
          'd/l': { link: '../a.c' },
        },
        '1',
      );
      expect(read('d/l')).toContain('PRIVATE KEY');
    });
  });
});
