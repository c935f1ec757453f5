import { readdirSync, readlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import { execa } from 'execa';
import { beforeAll, describe, expect, it } from 'vitest';
import { openArchive } from '../../src/project/archive/open-archive.js';
import { artifactsOf, build, kbuild, kbuildJson } from '../support/cli.js';
import { dkmsContainer } from '../support/dkms-container.js';
import { dkmsCorpus } from '../support/dkms-corpus.js';
import { moduleSource } from '../support/project.js';
import { temporaryDirectory, writeTree } from '../support/temporary-directory.js';

const { signal } = new AbortController();
const unpack = (archive: string, cache = temporaryDirectory()) =>
  openArchive(archive, { cache, signal });

/** Names, kinds, modes, sizes, times and targets of all in a tree, as find(1) tells. */
async function described(root: string): Promise<string[]> {
  const ofFiles = ['-type', 'f', '-printf', '%P f %m %s %Ts\\n'];
  const others = [
    '-type',
    'd',
    '-printf',
    '%P d %m\\n',
    '-o',
    '-type',
    'l',
    '-printf',
    '%P l %l\\n',
  ];
  const { stdout } = await execa('find', [root, '-mindepth', '1', ...ofFiles, '-o', ...others]);
  return stdout.split('\n').sort();
}

/** Holds a tree against what another program has unpacked: contents by diff(1). */
async function expectSame(root: string, theirs: string): Promise<void> {
  expect(await described(root)).toEqual(await described(theirs));
  await execa('diff', ['-r', '--no-dereference', root, theirs]);
}

let corpus: Map<string, string>;
beforeAll(async () => {
  corpus = await dkmsCorpus();
});

/** Of what dpkg unpacks, what is unpacked here: usr/src. */
async function expectSources(root: string, theirs: string): Promise<void> {
  expect(readdirSync(root)).toEqual(['usr']);
  expect(readdirSync(join(root, 'usr'))).toEqual(['src']);
  await expectSame(join(root, 'usr/src'), join(theirs, 'usr/src'));
}

describe('Debian packages are unpacked as dpkg unpacks their usr/src:', () => {
  const names = [
    ...['acpi-call-dkms', 'apfs-dkms', 'bbswitch-dkms', 'ddcci-dkms', 'digimend-dkms'],
    ...['evdi-dkms', 'jool-dkms'],
  ];

  it.each(names)('%s', async (name) => {
    const archive = corpus.get(name)!;
    const theirs = temporaryDirectory();
    await execa('dpkg-deb', ['-x', archive, theirs]);
    const { root, directories, origin } = await unpack(archive);
    await expectSources(root, theirs);
    expect(directories.map((path) => basename(path))).toEqual(readdirSync(join(theirs, 'usr/src')));
    const format = '${Package}\n${Version}\n${Depends}';
    const { stdout } = await execa('dpkg-deb', ['-W', `--showformat=${format}`, archive]);
    expect([origin.package, origin.version, origin.depends].join('\n')).toBe(stdout);
  });

  it.each(['none', 'gzip', 'xz', 'zstd'])('one that dpkg-deb compressed by %s', async (program) => {
    const [raw, packed] = [temporaryDirectory(), join(temporaryDirectory(), 'demo.deb')];
    await execa('dpkg-deb', ['-R', corpus.get('ddcci-dkms')!, raw]);
    writeTree(join(raw, 'usr/src/ddcci-0.4.2'), { link: { link: 'dkms.conf' }, 'ä b': 'x' });
    const flags = ['--root-owner-group', '--uniform-compression', `-Z${program}`];
    await execa('dpkg-deb', [...flags, '-b', raw, packed]);
    const theirs = temporaryDirectory();
    await execa('dpkg-deb', ['-x', packed, theirs]);
    await expectSources((await unpack(packed)).root, theirs);
  });

  it('but links that lead out of it, which are left out and told of', async () => {
    const cwd = temporaryDirectory();
    const [raw, packed] = [join(cwd, 'raw'), join(cwd, 'demo.deb')];
    await execa('dpkg-deb', ['-R', corpus.get('bbswitch-dkms')!, raw]);
    const [tree = ''] = readdirSync(join(raw, 'usr/src'));
    // Links between top-level directories are absolute (Debian Policy 10.5).
    writeTree(raw, { 'usr/lib/bbswitch/conf': { link: '/etc/bbswitch.conf' } });
    writeTree(join(raw, 'usr/src', tree), {
      'empty/x': '',
      COPYING: { link: '/usr/share/common-licenses/GPL-2' },
      'inc/own.c': { link: `/usr/src/${tree}/bbswitch.c` },
    });
    await execa('rm', [join(raw, 'usr/src', tree, 'empty/x')]);
    await execa('dpkg-deb', ['--root-owner-group', '-b', raw, packed]);
    const theirs = join(cwd, 'theirs');
    await execa('dpkg-deb', ['-x', packed, theirs]);
    const { root } = await unpack(packed);
    expect(readlinkSync(join(root, 'usr/src', tree, 'inc/own.c'))).toBe('../bbswitch.c');
    await execa('rm', [join(theirs, 'usr/src', tree, 'COPYING')]);
    await execa('ln', ['-sfn', '../bbswitch.c', join(theirs, 'usr/src', tree, 'inc/own.c')]);
    await expectSources(root, theirs);
    const args = ['plan', 'demo.deb', '--kernel', 'debian:bookworm', '--arch', 'x86_64'];
    const { exitCode, stderr } = await kbuild(args, { cwd });
    expect(exitCode).toBe(0);
    expect(stderr).toContain(
      `links that lead out of its sources are left out: "usr/src/${tree}/COPYING" to "/usr/share/common-licenses/GPL-2"`,
    );
  });

  it.each(['bzip2', 'lzma'])('one compressed by %s is refused by name', async (program) => {
    const [raw, data] = [temporaryDirectory(), temporaryDirectory()];
    const packed = join(data, 'demo.deb');
    await execa('dpkg-deb', ['-R', corpus.get('ddcci-dkms')!, raw]);
    await execa('dpkg-deb', ['-Znone', '--root-owner-group', '-b', raw, packed]);
    await execa('ar', ['x', packed], { cwd: data });
    const suffix = program === 'lzma' ? 'lzma' : 'bz2';
    await execa('mv', ['data.tar', `data.tar.${suffix}`], { cwd: data });
    const members = ['debian-binary', 'control.tar', `data.tar.${suffix}`];
    await execa('ar', ['rc', 'other.deb', ...members], { cwd: data });
    await expect(unpack(join(data, 'other.deb'))).rejects.toMatchObject({
      code: 'SOURCE_ARCHIVE',
      message: expect.stringContaining(`data.tar.${suffix}`) as string,
    });
  });
});

describe('tar archives are unpacked as GNU tar unpacks them:', () => {
  const deep = `${'a-rather-long-name-of-a-directory/'.repeat(8)}file`;
  const tree = () =>
    temporaryDirectory({
      'drv-1.0/dkms.conf': 'PACKAGE_NAME=drv\nPACKAGE_VERSION=1.0\n',
      'drv-1.0/configure': { program: '#!/bin/sh\n' },
      'drv-1.0/src/größe.c': 'x'.repeat(5000),
      'drv-1.0/src/zeros': Buffer.alloc(3000),
      'drv-1.0/src/link': { link: '../configure' },
      'drv-1.0/empty': '',
    });

  const ways: [string, string, string[]][] = [
    ['gnu', 'tar', []],
    ['gnu', 'tar.gz', ['-z']],
    ['gnu', 'tar.xz', ['-J']],
    ['gnu', 'tar.zst', ['--zstd']],
    ['pax', 'tar', []],
    ['posix', 'tgz', ['-z', '--sort=name', '--mtime=@1']],
  ];
  it.each(ways)('format %s as %s', async (format, suffix, flags) => {
    const source = tree();
    if (format !== 'ustar') writeTree(join(source, 'drv-1.0'), { [deep]: 'deep' });
    await execa('ln', [join(source, 'drv-1.0/configure'), join(source, 'drv-1.0/same')]);
    const archive = join(temporaryDirectory(), `drv.${suffix}`);
    await execa('tar', [`--format=${format}`, ...flags, '-cf', archive, '-C', source, '.']);
    const theirs = temporaryDirectory();
    await execa('tar', ['-xf', archive, '-C', theirs]);
    const { root, directories } = await unpack(archive);
    await expectSame(root, theirs);
    expect(directories).toEqual([join(root, 'drv-1.0')]);
  });

  it('one that git archive makes', async () => {
    const source = tree();
    const git = (...args: string[]) =>
      execa('git', ['-c', 'user.name=t', '-c', 'user.email=t@t.invalid', ...args], { cwd: source });
    await git('init', '-q');
    await git('add', '.');
    await git('commit', '-qm', 'all');
    const archive = join(temporaryDirectory(), 'drv.tar.gz');
    await git('-c', 'tar.umask=0022', 'archive', '--format=tar.gz', '-o', archive, 'HEAD');
    const theirs = temporaryDirectory();
    await execa('tar', ['-xf', archive, '-C', theirs]);
    await expectSame((await unpack(archive)).root, theirs);
  });

  it('a sparse file is refused', async () => {
    const source = tree();
    await execa('truncate', ['-s', '1M', join(source, 'drv-1.0/sparse')]);
    for (const format of ['gnu', 'posix']) {
      const archive = join(temporaryDirectory(), 'drv.tar');
      await execa('tar', ['-S', `--format=${format}`, '-cf', archive, '-C', source, '.']);
      await expect(unpack(archive)).rejects.toMatchObject({ code: 'SOURCE_ARCHIVE' });
    }
  });
});

describe('what dkms itself packs', () => {
  it('is the source that it packed', async () => {
    const source = temporaryDirectory();
    await execa('dpkg-deb', ['-x', corpus.get('ddcci-dkms')!, source]);
    const out = temporaryDirectory();
    const container = await dkmsContainer('bookworm');
    const { exitCode, stderr } = await container.run(
      `cp -r /source/. /usr/src/ && dkms add ddcci/0.4.2 &&
dkms mktarball ddcci/0.4.2 --source-only && cp /var/lib/dkms/ddcci/0.4.2/tarball/* /out/`,
      {
        mounts: [
          { source: join(source, 'usr/src'), target: '/source' },
          { source: out, target: '/out', writable: true },
        ],
      },
    );
    expect(exitCode, stderr).toBe(0);
    const [name = ''] = readdirSync(out);
    expect(name).toBe('ddcci-0.4.2-source-only.dkms.tar.gz');
    const { directories } = await unpack(join(out, name));
    expect(directories.map((path) => basename(path))).toEqual(['ddcci-0.4.2']);
    await execa('diff', ['-r', directories[0]!, join(source, 'usr/src/ddcci-0.4.2')]);
  });
});

describe('kbuild-ts build', () => {
  const kernel = ['--kernel', 'debian:bookworm', '--arch', 'x86_64'];

  it('takes a package, a tarball and a directory, and puts all in dist', async () => {
    const cwd = temporaryDirectory({
      'one/Kbuild': 'obj-m := one.o\n',
      'one/one.c': moduleSource(),
      'tree/two-2.0/Makefile': 'obj-m := two.o\n',
      'tree/two-2.0/two.c': moduleSource(),
    });
    await execa('tar', ['-czf', 'two.tar.gz', '-C', 'tree', 'two-2.0'], { cwd });
    const paths = ['one', 'two.tar.gz', corpus.get('bbswitch-dkms')!, './one/'];
    const { exitCode, document } = await build([...paths, ...kernel], { cwd });
    expect(exitCode).toBe(0);
    expect(document.output).toBe(join(cwd, 'dist'));
    const names = artifactsOf(document).map(({ path }) => basename(path));
    expect(names.sort()).toEqual(['bbswitch.ko', 'one.ko', 'two.ko']);
    expect(readdirSync(cwd).sort()).toEqual(['dist', 'one', 'tree', 'two.tar.gz']);
    expect(readdirSync(join(cwd, 'one')).sort()).toEqual(['Kbuild', 'one.c']);
    expect((await kbuild(['clean', 'two.tar.gz'], { cwd })).exitCode).toBe(0);
    expect(readdirSync(cwd).sort()).toEqual(['one', 'tree', 'two.tar.gz']);
  });

  it('needs no engine for a package that it has built', async () => {
    const cwd = temporaryDirectory();
    const archive = corpus.get('bbswitch-dkms')!;
    expect((await build([archive, ...kernel], { cwd })).exitCode).toBe(0);
    const env = { DOCKER_HOST: 'unix:///nowhere' };
    expect((await build([archive, ...kernel], { cwd, env })).exitCode).toBe(0);
  });

  it('refuses a hostile archive with what is wrong, and leaves nothing', async () => {
    const cwd = temporaryDirectory({ 'x/dkms.conf': '', 'y/z': '' });
    await execa('tar', ['-cPf', 'evil.tar', 'y/../x/dkms.conf'], { cwd });
    const args = ['plan', 'evil.tar', ...kernel];
    const { exitCode, document } = await kbuildJson<{ error: { code: string; message: string } }>(
      args,
      { cwd },
    );
    expect(exitCode).toBe(2);
    expect(document.error.code).toBe('SOURCE_ARCHIVE');
    expect(document.error.message).toContain('"y/../x/dkms.conf" leads out');
    expect(readdirSync(cwd).sort()).toEqual(['evil.tar', 'x', 'y']);
  });
});
