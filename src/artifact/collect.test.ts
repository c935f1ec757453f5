import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { archiveOf, archiveOfEntries } from '../../test/support/archive.js';
import { fixtureModule, fixtureModulePath } from '../../test/support/fixture-module.js';
import { temporaryDirectory } from '../../test/support/temporary-directory.js';
import { collectModules, unpackArchive, type BuiltFile } from './collect.js';

const built = (files: Record<string, string>): BuiltFile[] =>
  Object.entries(files).map(([path, content]) => ({ path, bytes: Buffer.from(content) }));

describe('unpackArchive', () => {
  it('gives the files of an archive that GNU tar wrote, byte for byte', async () => {
    const module = 'deep/'.repeat(40) + 'params.ko'; // longer than a header has room for
    const directory = temporaryDirectory({
      [module]: fixtureModule('params-x86_64'),
      'Module.symvers': '',
      'a b\nc.ko': 'x'.repeat(100_000),
    });
    const archive = execFileSync('tar', ['-C', directory, '-cf', '-', '.'], {
      maxBuffer: 2 ** 26,
    });
    const files = new Map((await unpackArchive(archive)).map(({ path, bytes }) => [path, bytes]));
    expect([...files.keys()].sort()).toEqual(['Module.symvers', 'a b\nc.ko', module]);
    expect(files.get(module)?.equals(fixtureModule('params-x86_64'))).toBe(true);
    expect(files.get('Module.symvers')?.length).toBe(0);
    expect(files.get('a b\nc.ko')?.toString()).toBe('x'.repeat(100_000));
  });

  it('gives nothing for an empty archive', async () => {
    const archive = execFileSync('tar', ['-cf', '-', '-T', '/dev/null']);
    expect(await unpackArchive(archive)).toEqual([]);
  });

  it('takes files alone: no directory, no link, no device', async () => {
    const archive = await archiveOfEntries([
      { name: './dir.ko', type: 'directory' },
      { name: './link.ko', type: 'symlink', linkname: '/etc/passwd' },
      { name: './hard.ko', type: 'link', linkname: './real.ko' },
      { name: './device.ko', type: 'character-device' },
      { name: './real.ko', content: 'real' },
    ]);
    expect((await unpackArchive(archive)).map(({ path }) => path)).toEqual(['real.ko']);
  });

  it('copies no bytes', async () => {
    const archive = await archiveOf({ 'params.ko': fixtureModule('params-x86_64') });
    const [file] = await unpackArchive(archive);
    expect(file?.bytes.buffer).toBe(archive.buffer);
  });

  it('takes 60000 entries and no more, of whatever kind', async () => {
    const file = await archiveOfEntries([{ name: './a', content: '' }]);
    const directory = await archiveOfEntries([{ name: './d', type: 'directory' }]);
    const [entry, other] = [file, directory].map((archive) => archive.subarray(0, 512));
    const end = Buffer.alloc(1024);
    const most = Array.from({ length: 60_000 }, () => entry!);
    expect(await unpackArchive(Buffer.concat([...most, end]))).toHaveLength(60_000);
    for (const more of [entry!, other!]) {
      await expect(unpackArchive(Buffer.concat([...most, more, end]))).rejects.toMatchObject({
        code: 'VERIFY_FAILED',
        message: "the build's archive has more than 60000 entries",
      });
    }
  });

  it('rejects an archive that was cut off', async () => {
    const archive = await archiveOf({ 'params.ko': fixtureModule('params-x86_64') });
    await expect(unpackArchive(archive.subarray(0, 2000))).rejects.toThrow();
  });

  it('rejects what is no archive', async () => {
    const bytes = execFileSync('cat', [fixtureModulePath('params-x86_64')]);
    await expect(unpackArchive(bytes)).rejects.toThrow();
  });
});

describe('collectModules', () => {
  it('sorts modules from the rest, and passes their bytes on', () => {
    const files = built({
      'a.ko': 'A',
      'sub/b.ko': 'B',
      'Module.symvers': '',
      'modules.order': '',
    });
    expect(collectModules(files, ['a', 'b'])).toEqual({
      modules: built({ 'a.ko': 'A', 'sub/b.ko': 'B' }),
      missing: [],
    });
  });

  it('gives the same whatever the order of the archive', () => {
    const files = built({
      'b.ko': 'B',
      'a.ko': 'A',
      'y/Module.symvers': 'y',
      'x/Module.symvers': 'x',
    });
    const collected = collectModules(files, []);
    expect(collected.modules.map(({ path }) => path)).toEqual(['a.ko', 'b.ko']);
    expect(collectModules(files.toReversed(), [])).toEqual(collected);
  });

  it('names what the project promises and what is not there', () => {
    const files = built({ 'one.ko': '', 'modules.order': 'one.ko\n' });
    expect(collectModules(files, ['one', 'two', 'three']).missing).toEqual(['two', 'three']);
  });

  it.each([
    ['until 6.2', 'kernel/drivers/one.ko\nkernel/drivers/sub/two.ko\n'],
    ['since 6.2', '/build/hello/one.o\n/build/hello/sub/two.o\n'],
    ['since 6.13', 'one.o\nsub/two.o\n'],
  ])('names what Kbuild itself lists as made and what is not there, as %s', (_, order) => {
    const files = built({ 'one.ko': '', 'modules.order': order });
    expect(collectModules(files, []).missing).toEqual(['two']);
  });

  it('names a missing module once, by whatever ways it is missed', () => {
    const files = built({ 'modules.order': 'a.o\n', 'sub/modules.order': 'a.o\n' });
    expect(collectModules(files, ['a']).missing).toEqual(['a']);
  });

  it('finds a module in whatever directory it came out', () => {
    expect(collectModules(built({ 'deep/er/a.ko': '' }), ['a']).missing).toEqual([]);
  });

  it('tells names apart that the kernel takes for the same: Kbuild does', () => {
    expect(collectModules(built({ 'my_mod.ko': '' }), ['my-mod']).missing).toEqual(['my-mod']);
  });

  it('gives the symbols of all parts of a project, those of its top first', () => {
    const files = built({
      'part/Module.symvers': '0x2\tb\tpart/b\tEXPORT_SYMBOL\t\n',
      'Module.symvers': '0x1\ta\ta\tEXPORT_SYMBOL\t\n',
      'Module.symvers.old': 'no',
    });
    expect(collectModules(files, []).symvers).toBe(
      '0x1\ta\ta\tEXPORT_SYMBOL\t\n0x2\tb\tpart/b\tEXPORT_SYMBOL\t\n',
    );
  });

  it('gives no symbols where nothing is exported', () => {
    expect(collectModules(built({ 'a.ko': '', 'Module.symvers': '' }), [])).not.toHaveProperty(
      'symvers',
    );
  });
});
