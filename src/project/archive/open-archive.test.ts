import {
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { archiveOfEntries, type ArchiveEntry } from '../../../test/support/archive.js';
import { compress } from '../../../test/support/compressors.js';
import { arOf, debMembers } from '../../../test/support/deb-archive.js';
import { kbuildErrorOf } from '../../../test/support/kbuild-error-of.js';
import { temporaryDirectory } from '../../../test/support/temporary-directory.js';
import { listTree } from './kept-tree.js';
import { archiveLimits } from './limits.js';
import { nameOf, openArchive } from './open-archive.js';

const { signal } = new AbortController();

/** Opens an archive of these bytes, in a cache of its own. */
async function open(bytes: string | Uint8Array, name = 'demo-1.0.tar.gz', limits = archiveLimits) {
  const cache = temporaryDirectory();
  const archive = join(temporaryDirectory({ [name]: bytes }), name);
  const opened = await openArchive(archive, { cache, signal }, limits);
  const places = opened.directories.map((path) => path.slice(opened.root.length + 1));
  return { ...opened, cache, archive, places };
}

const conf: ArchiveEntry = { name: 'demo-1.0/dkms.conf', content: 'PACKAGE_NAME=demo\n' };

/** What is said of an archive that must be refused, and leave nothing in the cache. */
async function refused(bytes: string | Uint8Array, limits = archiveLimits) {
  const cache = temporaryDirectory();
  const archive = join(temporaryDirectory({ 'hostile.tar': bytes }), 'hostile.tar');
  const error = await kbuildErrorOf(() => openArchive(archive, { cache, signal }, limits));
  expect(error.code).toBe('SOURCE_ARCHIVE');
  expect(error.message).toContain(archive);
  expect(listTree(cache).filter((line) => !/^directory (sources|locks) /.test(line))).toEqual([]);
  return error;
}

const refusedEntries = async (...entries: ArchiveEntry[]) =>
  (await refused(await archiveOfEntries([conf, ...entries]))).message;

describe('a tar archive', () => {
  it.each([
    ['a directory', { 'drv-2/dkms.conf': '' }, ['drv-2']],
    ['files at its root', { './dkms.conf': '', './src/a.c': '' }, ['demo-1.0']],
    ['a Makefile at its root', { Makefile: 'obj-m := a.o\n', 'a/dkms.conf': '' }, ['demo-1.0']],
    [
      'what dkms packs',
      { './dkms_source_tree/dkms.conf': '', 'dkms_main_tree/x': '' },
      ['demo-1.0'],
    ],
    ['a dkms.conf two directories down', { README: '', 'drv/module/dkms.conf': '' }, ['drv']],
    ['tools beside a driver', { 'drv/dkms.conf': '', 'tools/Makefile': 'all:\n' }, ['drv']],
    ['two drivers', { 'a/dkms.conf': '', 'b/dkms.conf': '', 'c/x': '' }, ['a', 'b']],
    ['a configuration', { 'x/kbuild.config.yaml': '', 'y/Makefile': 'obj-m := y.o\n' }, ['x']],
    ['a Makefile of modules beside another', { 'x/Makefile': 'all:', 'y/Kbuild': '' }, ['y']],
    ['an unpacked package', { './usr/src/drv-1/dkms.conf': '', './etc/x': '' }, ['usr/src/drv-1']],
  ])('with %s has its projects', async (_, files, places) => {
    const entries = Object.entries(files).map(([name, content]) => ({ name, content }));
    expect((await open(await archiveOfEntries(entries))).places).toEqual(places);
  });

  it.each([
    ['demo-1.0.tar.xz', 'demo-1.0'],
    ['demo-1.0.TGZ', 'demo-1.0'],
    ['demo.tar', 'demo'],
    ['demo', 'demo'],
    ['bbswitch-0.8-source-only.dkms.tar.gz', 'bbswitch-0.8'],
    ['bbswitch-0.8-kernel6.1.0-56-amd64-x86_64.dkms.tar.gz', 'bbswitch-0.8'],
    ['my driver (2).tar.gz', 'my_driver_2_'],
    ['.tar.gz', 'source'],
  ])('%s gives the name %s', (file, name) => {
    expect(nameOf(`/somewhere/${file}`)).toBe(name);
  });

  it('keeps executable bits, links that stay inside, and hard links; no other permission', async () => {
    const { directories, root } = await open(
      await archiveOfEntries([
        { name: 'demo-1.0/', type: 'directory', mode: 0o2777 },
        { ...conf, mode: 0o666 },
        { name: 'demo-1.0/run', content: '#!/bin/sh\n', mode: 0o4777 },
        { name: 'demo-1.0/run2', type: 'link', linkname: 'demo-1.0/run' },
        { name: 'demo-1.0/closed', content: 'x', mode: 0o100 },
        { name: 'demo-1.0/src/up', type: 'symlink', linkname: '../run' },
        { name: 'demo-1.0/later', type: 'symlink', linkname: './src' },
        { name: 'demo-1.0/nowhere', type: 'symlink', linkname: 'no/such/file' },
      ]),
    );
    const mode = (name: string) =>
      (statSync(join(directories[0]!, name)).mode & 0o7777).toString(8);
    expect(['.', 'dkms.conf', 'run', 'run2', 'closed'].map(mode)).toEqual([
      ...['755', '644', '755', '755', '700'],
    ]);
    expect(readFileSync(join(directories[0]!, 'later/up'), 'utf8')).toBe('#!/bin/sh\n');
    expect(listTree(root).filter((line) => line.startsWith('link'))).toHaveLength(3);
  });

  it('keeps directories that are empty', async () => {
    const { root } = await open(
      await archiveOfEntries([conf, { name: 'demo-1.0/a/empty/', type: 'directory', mode: 0o700 }]),
    );
    expect(listTree(root)).toContain('directory demo-1.0/a/empty 700');
  });

  it.each(['gzip', 'xz', 'zstd'])('may be compressed by %s, whatever its name', async (program) => {
    const packed = compress(program, await archiveOfEntries([conf]));
    expect((await open(packed, 'demo')).places).toEqual(['demo-1.0']);
  });
});

describe('an archive in the cache', () => {
  it('is unpacked once', async () => {
    const { archive, cache, root } = await open(await archiveOfEntries([conf]));
    const before = statSync(root).ino;
    const again = await openArchive(archive, { cache, signal });
    expect(again.root).toBe(root);
    expect(statSync(root).ino).toBe(before);
  });

  const file = (root: string) => join(root, 'demo-1.0/dkms.conf');
  it.each<[string, (root: string) => void]>([
    [
      'a file is gone',
      (root) => {
        rmSync(file(root));
      },
    ],
    [
      'all files are gone',
      (root) => {
        rmSync(root, { recursive: true });
      },
    ],
    [
      'the record is gone',
      (root) => {
        rmSync(join(root, '../archive.json'));
      },
    ],
    [
      'the record is cut off',
      (root) => {
        writeFileSync(join(root, '../archive.json'), '{"for');
      },
    ],
    [
      'a file was written to',
      (root) => {
        writeFileSync(file(root), 'PACKAGE_NAME=omed\n');
      },
    ],
    [
      'something lies beside',
      (root) => {
        writeFileSync(join(root, 'demo-1.0/x.o'), '');
      },
    ],
    [
      'a link lies in place of a file',
      (root) => {
        rmSync(file(root));
        symlinkSync('/etc/hostname', file(root));
      },
    ],
    [
      'it is a file',
      (root) => {
        rmSync(join(root, '..'), { recursive: true });
        writeFileSync(join(root, '..'), '');
      },
    ],
  ])('is unpacked again where %s', async (_, damage) => {
    const { archive, cache, root } = await open(await archiveOfEntries([conf]));
    const whole = listTree(root);
    damage(root);
    await openArchive(archive, { cache, signal });
    expect(listTree(root)).toEqual(whole);
    expect(readFileSync(file(root), 'utf8')).toBe(conf.content);
    expect(readdirSync(join(cache, 'sources'))).toHaveLength(1);
  });

  it('is the same for all who unpack it at the same time', async () => {
    const cache = temporaryDirectory();
    const bytes = await archiveOfEntries([conf]);
    const archive = join(temporaryDirectory({ 'a.tar': bytes }), 'a.tar');
    const all = await Promise.all([1, 2, 3, 4].map(() => openArchive(archive, { cache, signal })));
    expect(new Set(all.map(({ root }) => root)).size).toBe(1);
    expect(readdirSync(join(cache, 'sources'))).toHaveLength(1);
  });

  it('is not there after an interruption', async () => {
    const cache = temporaryDirectory();
    const archive = join(temporaryDirectory({ 'a.tar': await archiveOfEntries([conf]) }), 'a.tar');
    const aborted = AbortSignal.abort();
    const error = await kbuildErrorOf(() => openArchive(archive, { cache, signal: aborted }));
    expect(error.code).toBe('INTERRUPTED');
    expect(listTree(cache)).toEqual([]);
  });
});

describe('a link that leads out of a tar archive is left out:', () => {
  const linksIn = (root: string) => listTree(root).filter((line) => line.startsWith('link'));

  it.each([
    ['l', '/etc/passwd'],
    ['demo-1.0/l', '/'],
    ['demo-1.0/l', '/usr/src/demo-1.0/dkms.conf'],
    ['demo-1.0/l', '../../x'],
    ['demo-1.0/l', '..//./../demo-1.0/dkms.conf'],
    ['demo-1.0/l', 'no/such/../../../../x'],
  ])('%s to %s', async (name, linkname) => {
    const link: ArchiveEntry = { name, type: 'symlink', linkname };
    const opened = await open(await archiveOfEntries([link, conf]));
    const expected = [{ path: name, target: linkname }];
    expect(opened.places).toEqual(['demo-1.0']);
    expect(opened.leftOut).toEqual(expected);
    expect(linksIn(opened.root)).toEqual([]);
    const again = await openArchive(opened.archive, { cache: opened.cache, signal });
    expect(again.leftOut).toEqual(expected);
  });

  it('also by way of others, and what goes by way of it', async () => {
    const bytes = await archiveOfEntries([
      conf,
      { name: 'demo-1.0/a/b/root', type: 'symlink', linkname: '../../..' },
      { name: 'demo-1.0/a/b/l', type: 'symlink', linkname: 'root/../etc' },
      { name: 'demo-1.0/m', type: 'symlink', linkname: 'a/b/l/passwd' },
    ]);
    const { leftOut, root } = await open(bytes);
    expect(leftOut.map(({ path }) => path)).toEqual(['demo-1.0/a/b/l', 'demo-1.0/m']);
    expect(linksIn(root)).toEqual(['link demo-1.0/a/b/root ../../..']);
  });

  it('also where it leads out only after the layout of a tarball of dkms has changed', async () => {
    const name = 'demo-1.0';
    const bytes = await archiveOfEntries([
      { name: 'dkms_source_tree/dkms.conf' },
      { name: 'dkms_source_tree/up', type: 'symlink', linkname: '..' },
      { name: 'dkms_source_tree/in', type: 'symlink', linkname: '../dkms_source_tree/dkms.conf' },
      { name: 'dkms_source_tree/l', type: 'symlink', linkname: `../${name}/up/..` },
      { name: 'dkms_main_tree/l', type: 'symlink', linkname: '/etc' },
    ]);
    const { leftOut, places, root } = await open(bytes, `${name}.dkms.tar.gz`);
    expect(places).toEqual([name]);
    expect(leftOut.map(({ path }) => path)).toEqual(['dkms_source_tree/up', 'dkms_source_tree/l']);
    expect(linksIn(root)).toEqual([`link ${name}/in ../dkms_source_tree/dkms.conf`]);
  });
});

describe('a hostile archive is refused:', () => {
  it.each<[string, ArchiveEntry]>([
    ['leads out', { name: '../evil' }],
    ['leads out', { name: 'demo-1.0/../../evil' }],
    ['is absolute', { name: '/tmp/evil' }],
    ['is there twice', { name: './demo-1.0//dkms.conf' }],
    ['is there twice', { name: 'demo-1.0', type: 'symlink', linkname: 'x' }],
    ['is there twice', { name: 'demo-1.0/dkms.conf', type: 'directory' }],
    ['lies below', { name: 'demo-1.0/dkms.conf/x' }],
    ['control characters', { name: 'demo-1.0/\u001b[2Jx' }],
    ['control characters', { name: 'demo-1.0/a\nb' }],
    ['control characters', { name: 'demo-1.0/\u202ecod.exe' }],
    ['longer than', { name: `demo-1.0/${'x'.repeat(256)}` }],
    ['longer than', { name: 'x/'.repeat(3000) + 'x' }],
    ['is a device', { name: 'demo-1.0/null', type: 'character-device' }],
    ['is a device', { name: 'demo-1.0/sda', type: 'block-device' }],
    ['is a named pipe', { name: 'demo-1.0/pipe', type: 'fifo' }],
    ['leads out', { name: 'demo-1.0/h', type: 'link', linkname: '../../etc/passwd' }],
    ['is absolute', { name: 'demo-1.0/h', type: 'link', linkname: '/etc/passwd' }],
    ['is no file before it', { name: 'demo-1.0/h', type: 'link', linkname: 'demo-1.0/later' }],
    ['is no file before it', { name: 'demo-1.0/h', type: 'link', linkname: 'demo-1.0' }],
    ['control characters', { name: 'demo-1.0/l', type: 'symlink', linkname: 'a\u0007' }],
    ['is a sparse file', { name: 'demo-1.0/s', pax: { 'GNU.sparse.major': '1' } }],
  ])('its entry %s (%j)', async (why, entry) => {
    const message = await refusedEntries(entry);
    expect(message).toContain(why);
    expect(message).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202e]/);
  });

  it('a file below a link, which would be written elsewhere', async () => {
    const message = await refusedEntries(
      { name: 'demo-1.0/out', type: 'symlink', linkname: '.' },
      { name: 'demo-1.0/out/x', content: 'x' },
    );
    expect(message).toContain('which is a link');
  });

  it('a file below a link that leads out', async () => {
    const message = await refusedEntries(
      { name: 'demo-1.0/out', type: 'symlink', linkname: '/tmp' },
      { name: 'demo-1.0/out/x', content: 'x' },
    );
    expect(message).toContain('which is a link');
  });

  it('but links that go round lead nowhere, and stay', async () => {
    const bytes = await archiveOfEntries([
      conf,
      { name: 'demo-1.0/a', type: 'symlink', linkname: 'b' },
      { name: 'demo-1.0/b', type: 'symlink', linkname: 'a' },
    ]);
    expect((await open(bytes)).places).toEqual(['demo-1.0']);
  });

  it('links that multiply without end', async () => {
    const links = Array.from({ length: 60 }, (_, i) => ({
      name: `demo-1.0/l${i}`,
      type: 'symlink' as const,
      linkname: `l${i + 1}/`.repeat(30),
    }));
    const limits = { bytes: 2 ** 20, entries: 100 };
    const error = await refused(await archiveOfEntries([conf, ...links]), limits);
    expect(error.message).toContain('through too many others');
  });

  it('too many entries, be they only the directories of a name', async () => {
    const limits = { bytes: 2 ** 20, entries: 50 };
    const files = Array.from({ length: 51 }, (_, i) => ({ name: `demo-1.0/${i}` }));
    for (const entries of [files, [{ name: 'a/'.repeat(60) + 'a' }]]) {
      const error = await refused(await archiveOfEntries([conf, ...entries]), limits);
      expect(error.message).toContain('more than 50 entries');
    }
  });

  it('files that are too large together, also as hard links', async () => {
    const limits = { bytes: 100_000, entries: 1000 };
    const big = { name: 'demo-1.0/big', content: 'x'.repeat(60_000) };
    const links = [1, 2].map((i) => ({
      ...{ name: `demo-1.0/${i}`, type: 'link' as const, linkname: 'demo-1.0/big' },
    }));
    const error = await refused(await archiveOfEntries([conf, big, ...links]), limits);
    expect(error.message).toContain('more than 100000 bytes');
  });

  it.each(['gzip', 'xz', 'zstd'])('a decompression bomb of %s', async (program) => {
    const limits = { bytes: 2 ** 20, entries: 1000 };
    const bomb = await archiveOfEntries([
      conf,
      { name: 'demo-1.0/x', content: Buffer.alloc(2 ** 24) },
    ]);
    const error = await refused(compress(program, bomb), limits);
    expect(error.message).toContain('more than 1048576 bytes');
  });

  it.each(['gzip', 'xz', 'zstd'])('one of %s that is cut off, wherever', async (program) => {
    const whole = compress(program, await archiveOfEntries([conf]));
    for (let size = 1; size < whole.length; size += 7) await refused(whole.subarray(0, size));
  });

  it('a tar archive that is cut off, wherever', async () => {
    const whole = await archiveOfEntries([conf, { name: 'demo-1.0/a', content: 'x'.repeat(2000) }]);
    for (let size = 0; size < whole.length; size += 256) await refused(whole.subarray(0, size));
  });

  it.each([
    ['directory', 'demo-1.0/x/', '00000000005 '],
    ['directory', 'demo-1.0/x/', '\u0082'.repeat(12)],
    ['file', 'demo-1.0/x', '\u0082'.repeat(12)],
    ['file', 'demo-1.0/x', '\u00ff' + '\0'.repeat(11)],
    ['file', 'demo-1.0/x', 'z'.repeat(12)],
    ['symlink', 'demo-1.0/x', '\u0082'.repeat(12)],
  ] as const)('a %s %s whose size is %j, without waiting for its end', async (type, name, size) => {
    const bytes = await archiveOfEntries([conf, { name, type, linkname: 'y' }]);
    const header = 1024;
    bytes.write(size, header + 124, 'latin1');
    bytes.fill(' ', header + 148, header + 156);
    const sum = bytes.subarray(header, header + 512).reduce((total, byte) => total + byte, 0);
    bytes.write(`${sum.toString(8).padStart(6, '0')}\0 `, header + 148, 'latin1');
    if (size.startsWith('0')) expect((await open(bytes)).places).toEqual(['demo-1.0']);
    else await refused(bytes);
  });

  it('one that is damaged, or at least nothing comes out but what is in it', async () => {
    const whole = await archiveOfEntries([
      conf,
      { name: 'demo-1.0/l', type: 'symlink', linkname: 'x' },
    ]);
    for (let at = 0; at < 1536; at += 11) {
      const bytes = Buffer.from(whole);
      bytes[at] = (bytes[at] ?? 0) ^ 0x5a;
      await open(bytes).catch((error: unknown) => {
        expect(error).toMatchObject({ code: 'SOURCE_ARCHIVE' });
      });
    }
  });
});

describe('what is no archive of sources is refused:', () => {
  it.each([
    ['it is empty', ''],
    ['it is neither a Debian package nor a tar archive', 'obj-m := a.o\n'],
    ['it is compressed by bzip2', 'BZh91AY&SY'],
    ['it is an RPM package', Buffer.from('edabeedb0300', 'hex')],
    ['it is a zip archive', 'PK\u0003\u0004'],
    ['it is an ELF file', '\u007fELF'],
    ['it is a cpio archive', '070701000000'],
    ['it is damaged', compress('gzip', Buffer.from('obj-m := a.o\n'.repeat(100)))],
  ])('%s', async (why, bytes) => {
    expect((await refused(bytes)).message).toContain(why);
  });

  it.each([
    ['no project is in it', [{ name: 'a/b/c/dkms.conf' }]],
    ['holds built modules and no sources', [{ name: './dkms_binaries_only/dkms.conf' }]],
  ])('a tar archive: %s', async (why, entries) => {
    expect((await refused(await archiveOfEntries(entries))).message).toContain(why);
  });

  it('what is no file', async () => {
    const error = await kbuildErrorOf(() =>
      openArchive('/dev/null', { cache: temporaryDirectory(), signal }),
    );
    expect(error.code).toBe('SOURCE_ARCHIVE');
    expect(error.message).toContain('neither a file nor a directory');
  });
});

describe('a Debian package', () => {
  const entries = [
    { name: './usr/src/demo-1.0/dkms.conf', content: 'PACKAGE_NAME=demo\n' },
    { name: './usr/share/doc/demo/copyright', content: 'GPL' },
  ];

  it('has the projects of its usr/src, and says what it is', async () => {
    const control = `Package: demo-dkms
Version: 1:2.0+dfsg-1~deb12u1
Depends: dkms (>= 3.0),
 other-dkms,
\tlinux-headers-generic | linux-headers
Description: x
 Depends: not this
`;
    const more = [
      ...entries,
      { name: './usr/src/two/dkms.conf' },
      { name: './usr/src/no/Makefile' },
    ];
    const { places, origin, archive } = await open(arOf(await debMembers(more, control)), 'x.deb');
    expect(places).toEqual(['usr/src/demo-1.0', 'usr/src/two']);
    expect(origin).toEqual({
      archive,
      package: 'demo-dkms',
      version: '1:2.0+dfsg-1~deb12u1',
      depends: 'dkms (>= 3.0), other-dkms, linux-headers-generic | linux-headers',
    });
  });

  it('may have members that deb(5) keeps for later', async () => {
    const [format, control, data] = await debMembers(entries);
    const members = [format!, { name: '_gpgorigin/', content: 'odd' }, control!, data!];
    const { places } = await open(arOf([...members, { name: 'more', content: 'x' }]), 'x.deb');
    expect(places).toEqual(['usr/src/demo-1.0']);
  });

  it('is its usr/src: whatever the rest is', async () => {
    const others: ArchiveEntry[] = [
      { name: './etc/l', type: 'symlink', linkname: '/etc/passwd' },
      { name: './usr/share/doc/demo-dkms', type: 'symlink', linkname: '/\u001b' },
      { name: '../evil' },
      { name: '/etc/evil' },
      { name: './usr/../usr/src/demo-1.0/evil' },
      { name: './dev/null', type: 'character-device' },
      { name: './usr/share/doc/demo/copyright', content: 'twice' },
    ];
    const members = await debMembers([...others, ...entries, ...others]);
    const { leftOut, root } = await open(arOf(members), 'x.deb');
    expect(leftOut).toEqual([]);
    expect(listTree(root).map((line) => line.split(' ')[1])).toEqual([
      ...['usr', 'usr/src', 'usr/src/demo-1.0', 'usr/src/demo-1.0/dkms.conf'],
    ]);
  });

  it.each<[string, ArchiveEntry[]]>([
    ['leads out', [{ name: './usr/src/../../../evil' }]],
    ['is absolute', [{ name: '/usr/src/evil' }]],
    ['is a device', [{ name: './usr/src/demo-1.0/null', type: 'character-device' }]],
    ['which is a link', [{ name: './usr/src', type: 'symlink', linkname: '/etc' }, entries[0]!]],
    ['is there twice', [entries[0]!, { name: './usr', type: 'symlink', linkname: '/etc' }]],
    ['more than 50 entries', Array.from({ length: 50 }, (_, i) => ({ name: `./etc/${i}` }))],
    ['more than 1048576 bytes', [{ name: './etc/big', content: Buffer.alloc(2 ** 20 + 1) }]],
  ])('is refused where an entry %s', async (why, more) => {
    const [format, control, data] = await debMembers([
      ...more,
      { name: './usr/src/demo-1.0/dkms.conf' },
    ]);
    const packed = { name: 'data.tar.gz', content: compress('gzip', Buffer.from(data!.content)) };
    const bytes = arOf([format!, control!, packed]);
    const limits = { bytes: 2 ** 20, entries: 50 };
    const error = await refused(bytes, limits);
    expect(error.message).toContain(why);
  });

  it.each([
    ['/usr/src/demo-1.0/src/a.h', 'src/a.h'],
    ['//usr/./src/demo-1.0/src/', 'src'],
    ['/usr/src/demo-1.0', '.'],
    ['/usr/src', '..'],
    ['/usr/src/other-2.0/a.h', '../other-2.0/a.h'],
    ['/usr/src/demo-1.0/by/a.h', 'by/a.h'],
    ['../../src/demo-1.0/src', '../../src/demo-1.0/src'],
  ])('has a link to %s as one to %s', async (linkname, target) => {
    const link: ArchiveEntry = { name: './usr/src/demo-1.0/l', type: 'symlink', linkname };
    const others: ArchiveEntry[] = [
      { name: './usr/src/demo-1.0/src/a.h' },
      { name: './usr/src/other-2.0/a.h' },
      { name: './usr/src/demo-1.0/by', type: 'symlink', linkname: 'src' },
    ];
    const bytes = arOf(await debMembers([link, ...entries, ...others]));
    const { leftOut, root } = await open(bytes, 'x.deb');
    expect(leftOut).toEqual([]);
    expect(readlinkSync(join(root, 'usr/src/demo-1.0/l'))).toBe(target);
  });

  it.each([
    ['/usr/share/common-licenses/GPL-2', 'symlink'],
    ['../../share/common-licenses/GPL-2', 'symlink'],
    ['/usr/src/../../etc/passwd', 'symlink'],
    ['/usr/source', 'symlink'],
    ['/usr', 'symlink'],
    ['/usr/src/other-2.0/a.h', 'symlink'],
    ['/usr/src/demo-1.0/gone', 'symlink'],
    ['../..', 'symlink'],
    ['../../../../x', 'symlink'],
    ['./usr/share/doc/demo/copyright', 'link'],
  ] as const)('has no link to %s (%s), which leads out of its usr/src', async (linkname, type) => {
    const link: ArchiveEntry = { name: './usr/src/demo-1.0/l', type, linkname };
    const through = { name: './usr/src/demo-1.0/m', type: 'symlink' as const, linkname: 'l/x' };
    const members = await debMembers([...entries, link, through]);
    const { leftOut, root, places } = await open(arOf(members), 'x.deb');
    expect(places).toEqual(['usr/src/demo-1.0']);
    const path = 'usr/src/demo-1.0/l';
    const target = type === 'link' ? linkname.slice(1) : linkname;
    expect(leftOut).toEqual([
      { path, target },
      { path: 'usr/src/demo-1.0/m', target: 'l/x' },
    ]);
    expect(readdirSync(join(root, 'usr/src/demo-1.0'))).toEqual(['dkms.conf']);
  });

  it('without DKMS sources is refused', async () => {
    const error = await refused(arOf(await debMembers([{ name: './usr/src/x/Makefile' }])));
    expect(error.message).toContain('it holds no usr/src/*/dkms.conf');
  });

  it.each([
    ['no control file', ''],
    ['\'package: \' ""', 'Version: 1\n'],
    ['\'version: \' "1 2"', 'Package: demo\nVersion: 1 2\n'],
    ['two fields "Package"', 'Package: a\nPackage: b\nVersion: 1\n'],
    ['which is no field', 'Package: aa\n*** \u001b]0;x\u0007\n'],
  ])('with an odd control file is refused: %s', async (why, control) => {
    const members = await debMembers(entries, control);
    if (control === '') members[1]!.content = await archiveOfEntries([{ name: './postinst' }]);
    expect((await refused(arOf(members))).message).toContain(why);
  });

  it.each<[string, (members: Awaited<ReturnType<typeof debMembers>>) => unknown[]]>([
    ['debian-binary is not its first', ([format, control, data]) => [control, format, data]],
    ['of format "3.0"', ([, ...rest]) => [{ name: 'debian-binary', content: '3.0\n' }, ...rest]],
    ['has data.tar, it has nothing', ([format, control]) => [format, control]],
    ['has control.tar, it has "data.tar"', ([format, control, data]) => [format, data, control]],
    [
      'has control.tar, it has "evil"',
      ([format, ...r]) => [format, { name: 'evil', content: '' }, ...r],
    ],
    ['a second "data.tar"', (members) => [...members, members[2]]],
    [
      '"data.tar.bz2" is compressed by what is not read',
      ([f, c, d]) => [f, c, { ...d, name: 'data.tar.bz2' }],
    ],
    ['it is cut off', ([f, c]) => [f, c, { name: 'data.tar', content: 'x'.repeat(512) }]],
  ])('of odd members is refused: %s', async (why, change) => {
    const members = change(await debMembers(entries)) as Awaited<ReturnType<typeof debMembers>>;
    const bytes = arOf(members);
    const cut = why === 'it is cut off' ? bytes.subarray(0, -100) : bytes;
    expect((await refused(cut)).message).toContain(why);
  });

  it('that is cut off is refused, wherever', async () => {
    const whole = arOf(await debMembers(entries));
    for (let size = 8; size < whole.length; size += 300) await refused(whole.subarray(0, size));
  });
});
