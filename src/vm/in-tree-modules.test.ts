import { describe, expect, it } from 'vitest';
import { temporaryDirectory, type FileTree } from '../../test/support/temporary-directory.js';
import { InTreeModules } from './in-tree-modules.js';

const files = (paths: readonly string[]): FileTree =>
  Object.fromEntries(paths.map((path) => [path, '']));

describe('InTreeModules', () => {
  it.each<[string, FileTree]>([
    ['modules.order', { 'modules.order': 'kernel/a/snd-core.ko\nkernel/b/gone.ko\n' }],
    ['modules.dep', { 'modules.dep': 'kernel/a/snd-core.ko.xz: kernel/b/gone.ko.xz\n' }],
    ['the directories', {}],
    [
      'the directories, where modules.order is of other files',
      { 'modules.order': 'kernel/x.ko\n' },
    ],
  ])('finds modules by %s', (_, records) => {
    const directory = temporaryDirectory({ ...files(['kernel/a/snd-core.ko.xz']), ...records });
    const modules = new InTreeModules(directory);
    expect(modules.pathOf('snd_core')).toBe('kernel/a/snd-core.ko.xz');
    expect(modules.pathOf('gone')).toBeUndefined();
    expect(modules.fileOf('kernel/x.ko')).toBe(`${directory}/kernel/x.ko`);
  });

  it('guesses who may have an alias by how modules are called', () => {
    const paths = ['xxhash_generic', 'crc32c-intel', 'crc32_generic'].map((one) => `${one}.ko`);
    const modules = new InTreeModules(temporaryDirectory(files(paths)));
    expect(modules.mayHaveAlias('crypto-crc32c')).toEqual([['crc32c_intel']]);
    expect(modules.mayHaveAlias('xxhash64')).toEqual([[], ['xxhash_generic']]);
    expect(modules.mayHaveAlias('pci:v00001af4d*')).toEqual([]);
  });

  it('knows who has an alias where depmod recorded it', () => {
    const text = 'alias pci:v1* one\nalias pci:v12 two\nalias crc32c three\n';
    const modules = new InTreeModules(temporaryDirectory({ 'modules.alias': text }));
    expect(modules.mayHaveAlias('pci:v12')).toEqual([['one', 'two']]);
    expect(modules.mayHaveAlias('crc32')).toEqual([[]]);
  });

  it('has nothing where there is no directory', () => {
    const modules = new InTreeModules(undefined);
    expect([modules.pathOf('a'), modules.order, modules.builtin]).toEqual([
      undefined,
      undefined,
      {},
    ]);
    expect(modules.mayHaveAlias('crc32c')).toEqual([[]]);
  });
});
