import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { compress } from '../../test/support/compressors.js';
import { fixtureModule } from '../../test/support/fixture-module.js';
import { kbuildErrorOf } from '../../test/support/kbuild-error-of.js';
import { temporaryDirectory } from '../../test/support/temporary-directory.js';
import { KbuildError } from '../errors/kbuild-error.js';
import { inFile, ModuleFiles } from './module-file.js';

const module = fixtureModule('params-x86_64');
const write = (name: string, content: Uint8Array | string) =>
  join(temporaryDirectory({ [name]: content }), name);

describe('ModuleFiles', () => {
  it('opens an uncompressed module', async () => {
    const path = write('a.ko', module);
    const file = await new ModuleFiles().open(path);
    expect(file).toMatchObject({ path, size: module.length, compression: 'none' });
    expect(file.compressed).toBeUndefined();
    expect(Buffer.from(file.source.read(0, file.source.size))).toEqual(module);
  });

  it.each(['gzip', 'xz', 'zstd'])(
    'opens what %s compressed, whatever its name',
    async (program) => {
      const content = compress(program, module);
      for (const name of ['a.ko', 'a.ko.gz', 'a.txt']) {
        const file = await new ModuleFiles().open(write(name, content));
        expect(file).toMatchObject({ size: content.length, compression: program });
        expect(Buffer.from(file.compressed!)).toEqual(content);
        expect(Buffer.from(file.source.read(0, file.source.size))).toEqual(module);
      }
    },
  );

  it('opens one file after the other', async () => {
    const files = new ModuleFiles();
    for (const content of [module, fixtureModule('exporter-x86_64'), Buffer.alloc(0)]) {
      const { source } = await files.open(write('a.ko', content));
      expect(Buffer.from(source.read(0, source.size))).toEqual(content);
    }
    files.close();
    files.close();
  });

  it('follows a link', async () => {
    const path = write('a.ko', module);
    symlinkSync(path, `${path}.link`);
    const file = await new ModuleFiles().open(`${path}.link`);
    expect(file).toMatchObject({ path: `${path}.link`, size: module.length });
  });

  it.each([
    ['.', 'EISDIR'],
    ['nowhere.ko', 'ENOENT'],
    ['dangling.ko', 'ENOENT'],
    ['loop.ko', 'ELOOP'],
  ])('says why it cannot read %s', async (name, why) => {
    const directory = temporaryDirectory({
      'dangling.ko': { link: 'nowhere' },
      'loop.ko': { link: 'loop.ko' },
    });
    const error = await kbuildErrorOf(() => new ModuleFiles().open(join(directory, name)));
    expect(error.code).toBe('MODULE_UNREADABLE');
    expect(error.message).toContain(`cannot be read: ${why}`);
    expect(error.hint).not.toBe('');
  });

  it('refuses a compressed file that is damaged', async () => {
    const path = write('a.ko.xz', compress('xz', module).subarray(0, 1000));
    const error = await kbuildErrorOf(() => new ModuleFiles().open(path));
    expect(error.code).toBe('MODULE_COMPRESSION');
  });
});

describe('inFile', () => {
  it('names the file in an error of its content, and keeps code and hint', () => {
    const error = new KbuildError('MODULE_NOT_ELF', 'it is text', 'Give a module.');
    expect(inFile('a.ko', error)).toMatchObject({
      code: 'MODULE_NOT_ELF',
      message: 'a.ko: it is text',
      hint: 'Give a module.',
      cause: error,
    });
  });

  it('leaves others as they are', () => {
    for (const error of [new Error('x'), new KbuildError('SIGN_KEY', 'x', 'y')]) {
      expect(inFile('a.ko', error)).toBe(error);
    }
  });
});
